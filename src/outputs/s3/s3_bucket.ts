import type { S3Client } from "@aws-sdk/client-s3";
import { formatDuration } from "../../lib/duration.ts";
import type { Log } from "../../lib/log.ts";
import { VERSION } from "../../lib/version.ts";
import { readTlsFiles } from "../http/tls_files.ts";
import { showEnvironment } from "./aws_environment.ts";
import type { S3Config } from "./s3_config.ts";
import { failureOf, S3Error } from "./s3_failure.ts";
import { Transport } from "./transport.ts";

type Sdk = typeof import("@aws-sdk/client-s3");

/** How far the upload of an object in parts has come. */
export interface PartsProgress {
  /** Undefined as long as none is begun. */
  id: string | undefined;
  /** What the server calls the parts that it has. */
  readonly tags: (string | undefined)[];
}

/** Told of the id under which an upload in parts can be ended, before its first part is sent. */
export type NoteUpload = (id: string) => Promise<void>;

const MOST_PARTS = 10_000;
/** A bucket, by the AWS SDK. What its methods throw says what was tried, at which server, and why it failed. */
export class S3Bucket {
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #config: S3Config;
  readonly #place: string;
  readonly #secrets: readonly string[];

  private constructor(sdk: Sdk, client: S3Client, config: S3Config) {
    this.#sdk = sdk;
    this.#client = client;
    this.#config = config;
    this.#place = config.endpoint === undefined ? `S3 in ${config.region}` : new URL(config.endpoint).host;
    this.#secrets = [config.secret_access_key, config.session_token].filter((secret) => secret !== undefined);
  }

  /** Loads the SDK and reads the certificates; asks no server. */
  static async open(config: S3Config, log: Log): Promise<S3Bucket> {
    showEnvironment(config.access_key_id === undefined);
    const [sdk, { caCerts = [] }] = await Promise.all([
      import("@aws-sdk/client-s3"),
      readTlsFiles(config.tls),
    ]);
    const { access_key_id, secret_access_key, session_token, endpoint } = config;
    const client = new sdk.S3Client({
      region: config.region,
      forcePathStyle: config.use_path_style,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(access_key_id === undefined || secret_access_key === undefined ? {} : {
        credentials: {
          accessKeyId: access_key_id,
          secretAccessKey: secret_access_key,
          ...(session_token === undefined ? {} : { sessionToken: session_token }),
        },
      }),
      // Otherwise it writes to stderr; at the other levels it tells all that it is given.
      logger: { debug() {}, info() {}, error() {}, warn: (text) => log.warn(oneLine(String(text))) },
      // The sender decides when to try again.
      maxAttempts: 1,
      requestHandler: new Transport(caCerts),
      // The signature covers the contents; further checksums are refused by some servers.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      expectContinueHeader: false,
      // The SDK's own one asks the system for more than it may know.
      defaultUserAgentProvider: () => Promise.resolve([["logaggregator", VERSION]]),
    });
    return new S3Bucket(sdk, client, config);
  }

  /** Throws unless the bucket is there. */
  async check(signal: AbortSignal): Promise<void> {
    await this.#ask(
      "HeadBucket",
      (client, abortSignal) =>
        client.send(new this.#sdk.HeadBucketCommand({ Bucket: this.#config.bucket }), { abortSignal }),
      signal,
    );
  }

  /**
   * Whether there is such an object; undefined if that may not be known. A byte of it is asked for: a HeadObject that
   * fails does not tell missing objects and missing buckets, or refused requests and wrong credentials, apart.
   */
  async has(key: string, signal: AbortSignal): Promise<boolean | undefined> {
    const command = new this.#sdk.GetObjectCommand({
      Bucket: this.#config.bucket,
      Key: key,
      Range: "bytes=0-0",
    });
    try {
      await this.#ask("GetObject", (client, abortSignal) => client.send(command, { abortSignal }), signal);
      return true;
    } catch (error) {
      if (error instanceof S3Error && error.code === "NoSuchKey") return false;
      if (error instanceof S3Error && error.code === "AccessDenied") return undefined;
      throw error;
    }
  }

  /** Stores an object; the same one again replaces itself. */
  async put(key: string, body: Uint8Array, encoding: string | undefined, signal: AbortSignal): Promise<void> {
    const command = new this.#sdk.PutObjectCommand({
      ...this.#attributes(key, encoding),
      Body: body,
    });
    await this.#ask("PutObject", (client, abortSignal) => client.send(command, { abortSignal }), signal);
  }

  /** Stores an object in parts, and goes on where an earlier call with the same progress has failed. */
  async putParts(
    key: string,
    body: Uint8Array,
    encoding: string | undefined,
    progress: PartsProgress,
    noteUpload: NoteUpload,
    signal: AbortSignal,
  ): Promise<void> {
    const { bucket, part_size, upload_concurrency } = this.#config;
    const size = Math.max(part_size, Math.ceil(body.length / MOST_PARTS));
    const count = Math.ceil(body.length / size);
    try {
      progress.id ??= await this.#beginParts(key, encoding, noteUpload, signal);
      const upload = { Bucket: bucket, Key: key, UploadId: progress.id };
      await forEach(count, upload_concurrency, signal, async (index, stop) => {
        if (progress.tags[index] !== undefined) return;
        const Body = body.subarray(index * size, (index + 1) * size);
        const command = new this.#sdk.UploadPartCommand({ ...upload, PartNumber: index + 1, Body });
        const { ETag } = await this.#ask(
          "UploadPart",
          (client, abortSignal) => client.send(command, { abortSignal }),
          stop,
        );
        progress.tags[index] = ETag ?? "";
      });
      const Parts = Array.from({ length: count }, (_, index) => ({
        PartNumber: index + 1,
        ETag: progress.tags[index],
      }));
      const command = new this.#sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      await this.#ask(
        "CompleteMultipartUpload",
        (client, abortSignal) => client.send(command, { abortSignal }),
        signal,
      );
    } catch (error) {
      if (error instanceof S3Error && (error.code === "NoSuchUpload" || error.code === "InvalidPart")) {
        // It was ended by somebody, or completed while the answer got lost: the object replaces itself then.
        progress.id = undefined;
        progress.tags.length = 0;
      }
      throw error;
    }
  }

  /** Ends an upload in parts, whose parts would be kept and charged for otherwise. */
  async endParts(key: string, id: string, signal: AbortSignal): Promise<void> {
    const command = new this.#sdk.AbortMultipartUploadCommand({
      Bucket: this.#config.bucket,
      Key: key,
      UploadId: id,
    });
    try {
      await this.#ask(
        "AbortMultipartUpload",
        (client, abortSignal) => client.send(command, { abortSignal }),
        signal,
      );
    } catch (error) {
      // It has ended already, or may only be begun.
      if (!(error instanceof S3Error && (error.status === 404 || error.status === 403))) throw error;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #beginParts(
    key: string,
    encoding: string | undefined,
    noteUpload: NoteUpload,
    signal: AbortSignal,
  ): Promise<string> {
    const command = new this.#sdk.CreateMultipartUploadCommand(this.#attributes(key, encoding));
    const { UploadId } = await this.#ask(
      "CreateMultipartUpload",
      (client, abortSignal) => client.send(command, { abortSignal }),
      signal,
    );
    if (UploadId === undefined) throw new Error(`CreateMultipartUpload at ${this.#place} answered no id`);
    await noteUpload(UploadId);
    return UploadId;
  }

  #attributes(key: string, encoding: string | undefined) {
    const { bucket, content_type, storage_class, server_side_encryption, kms_key_id, acl, tags } =
      this.#config;
    const tagging = new URLSearchParams(tags).toString().replaceAll("+", "%20");
    return {
      Bucket: bucket,
      Key: key,
      ContentType: content_type,
      ...(encoding === undefined ? {} : { ContentEncoding: encoding }),
      // Defaults are not sent: some servers refuse what they do not have.
      ...(storage_class === "STANDARD" ? {} : { StorageClass: storage_class as "STANDARD" }),
      ...(acl === "private" ? {} : { ACL: acl }),
      ...(server_side_encryption === undefined ? {} : { ServerSideEncryption: server_side_encryption }),
      ...(kms_key_id === undefined ? {} : { SSEKMSKeyId: kms_key_id }),
      ...(tagging === "" ? {} : { Tagging: tagging }),
    };
  }

  /** Makes a request, at most for the configured time, finding credentials included. */
  async #ask<Answer>(
    name: string,
    request: (client: S3Client, signal: AbortSignal) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { timeout } = this.#config;
    signal.throwIfAborted();
    const ending = new AbortController();
    const over = Promise.withResolvers<never>();
    const end = () => {
      ending.abort();
      over.reject(new Error("ended"));
    };
    const timer = setTimeout(end, timeout);
    signal.addEventListener("abort", end, { once: true });
    try {
      return await Promise.race([request(this.#client, ending.signal), over.promise]);
    } catch (error) {
      const what = `${name} at ${this.#place}`;
      if (signal.aborted) throw new Error(`${what} was stopped`, { cause: error });
      if (ending.signal.aborted) {
        throw new Error(`${what} was not answered within ${formatDuration(timeout)}`, { cause: error });
      }
      throw failureOf(what, error, this.#secrets);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim().slice(0, 500);
}

/** Runs `action` for all numbers below `count`, some at once; the first failure stops the others. */
async function forEach(
  count: number,
  atOnce: number,
  signal: AbortSignal,
  action: (index: number, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  let failure: unknown;
  const work = async () => {
    while (next < count && !stop.aborted) {
      try {
        await action(next++, stop);
      } catch (error) {
        failure ??= error;
        failed.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, work));
  if (failure !== undefined) throw failure;
  signal.throwIfAborted();
}
