import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Delivered } from "./delivered.ts";
import { type ArrivedRequest, HttpDestination, type Reply } from "./http_destination.ts";
import { countLines } from "./oracle.ts";

/** The operations that the server knows. */
export type S3Operation =
  | "PutObject"
  | "GetObject"
  | "HeadBucket"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload";

/** A request as the server understands it. */
export interface S3Request {
  readonly operation: S3Operation;
  readonly key: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What goes wrong with a request; `applied`: it takes effect all the same. */
export interface S3Fault {
  readonly status?: number;
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cut?: Reply["cut"];
  readonly hang?: boolean;
  readonly applied?: boolean;
}

/** Decides about each request; `number` counts those of an operation from 0. */
export type S3Faults = (request: S3Request, number: number) => S3Fault | undefined | Promise<undefined>;

/** An object in the bucket. */
export interface S3Object {
  readonly body: Uint8Array;
  /** Of the request that made it. */
  readonly headers: Headers;
}

export const ACCESS_KEY = "test-access-key";
export const SECRET_KEY = "test-secret-key";
export const BUCKET = "bucket";

/** A server with one bucket that speaks the part of S3 that uploads need, and misbehaves as it is told. */
export class S3Server implements AsyncDisposable, Delivered {
  readonly objects = new Map<string, S3Object>();
  /** Uploads in parts that are under way, by id. */
  readonly uploads = new Map<string, { key: string; headers: Headers; parts: Map<number, Uint8Array> }>();
  /** All requests, in the order of arrival. */
  readonly requests: S3Request[] = [];
  /** Keys of objects that another one with other contents has replaced. */
  readonly overwritten: string[] = [];
  faults: S3Faults;
  readonly #destination: HttpDestination;
  #uploadCount = 0;

  private constructor(faults: S3Faults, port: number) {
    this.faults = faults;
    this.#destination = HttpDestination.start((request) => this.#answer(request), port);
  }

  /** Listens on a free port, or on a given one. */
  static start(faults: S3Faults = () => undefined, port = 0): S3Server {
    return new S3Server(faults, port);
  }

  get port(): number {
    return this.#destination.port;
  }

  /** How many connections there are. */
  get open(): number {
    return this.#destination.open;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The keys of a configuration block for this server. */
  get block() {
    return {
      bucket: BUCKET,
      endpoint: this.endpoint,
      use_path_style: true,
      access_key_id: ACCESS_KEY,
      secret_access_key: SECRET_KEY,
    };
  }

  get lines(): number {
    return [...this.objects.values()].reduce((sum, object) => sum + countLines(plain(object)), 0);
  }

  /** The contents of all objects, in the order in which they were made. */
  bytes(): Uint8Array {
    return Buffer.concat([...this.objects.values()].map(plain));
  }

  /** The texts of all objects by key. */
  texts(): Record<string, string> {
    return Object.fromEntries(
      Array.from(this.objects, ([key, object]) => [key, new TextDecoder().decode(plain(object))]),
    );
  }

  /** How many requests of an operation came. */
  count(operation: S3Operation): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#destination[Symbol.asyncDispose]();
  }

  async #answer(request: ArrivedRequest): Promise<Reply> {
    const url = new URL(request.target, this.endpoint);
    const [bucket = "", ...rest] = url.pathname.slice(1).split("/");
    const { headers, body, method } = request;
    const operation = operationOf(method, rest.join("") !== "", url.searchParams);
    if (operation === undefined) return failed(405, "MethodNotAllowed");
    const asked: S3Request = { operation, key: rest.map(decodeURIComponent).join("/"), headers, body };
    const number = this.requests.filter((other) => other.operation === operation).length;
    this.requests.push(asked);
    const fault = await this.faults(asked, number);
    const reply = fault === undefined || fault.applied === true
      ? this.#refusal(asked, bucket) ?? this.#perform(asked, url.searchParams)
      : {};
    if (fault === undefined) return reply;
    const { status = 200, code = "", cut, hang } = fault;
    return {
      ...failed(status, code, fault.headers),
      ...(cut === undefined ? {} : { cut }),
      ...(hang === undefined ? {} : { hang }),
    };
  }

  /** What a server says before it looks at what is asked for. */
  #refusal({ headers, body }: S3Request, bucket: string): Reply | undefined {
    const authorization = headers.get("authorization") ?? "";
    if (!authorization.startsWith(`AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/`)) {
      return failed(403, "InvalidAccessKeyId");
    }
    if (headers.get("x-amz-content-sha256") !== createHash("sha256").update(body).digest("hex")) {
      return failed(400, "XAmzContentSHA256Mismatch");
    }
    return bucket === BUCKET ? undefined : failed(404, "NoSuchBucket");
  }

  #perform({ operation, key, headers, body }: S3Request, query: URLSearchParams): Reply {
    const id = query.get("uploadId") ?? "";
    const upload = this.uploads.get(id);
    switch (operation) {
      case "HeadBucket":
        return {};
      case "GetObject":
        return this.objects.has(key) ? { body: "x" } : failed(404, "NoSuchKey");
      case "PutObject":
        this.#store(key, { body, headers });
        return { headers: { etag: etagOf(body) } };
      case "CreateMultipartUpload": {
        const fresh = `upload-${++this.#uploadCount}`;
        this.uploads.set(fresh, { key, headers, parts: new Map() });
        return {
          body:
            `<InitiateMultipartUploadResult><UploadId>${fresh}</UploadId></InitiateMultipartUploadResult>`,
        };
      }
    }
    if (upload === undefined || upload.key !== key) return failed(404, "NoSuchUpload");
    switch (operation) {
      case "UploadPart":
        upload.parts.set(Number(query.get("partNumber")), body);
        return { headers: { etag: etagOf(body) } };
      case "AbortMultipartUpload":
        this.uploads.delete(id);
        return { status: 204 };
      case "CompleteMultipartUpload": {
        const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
        const named = [...new TextDecoder().decode(body).matchAll(/<ETag>(.*?)<\/ETag>/g)].map(([, tag]) =>
          tag!.replaceAll("&quot;", '"')
        );
        if (named.join() !== parts.map(etagOf).join()) return failed(400, "InvalidPart");
        this.uploads.delete(id);
        this.#store(key, { body: Buffer.concat(parts), headers: upload.headers });
        return {
          body: "<CompleteMultipartUploadResult><ETag>whole</ETag></CompleteMultipartUploadResult>",
        };
      }
    }
  }

  #store(key: string, object: S3Object): void {
    const before = this.objects.get(key);
    if (before !== undefined && Buffer.compare(before.body, object.body) !== 0) this.overwritten.push(key);
    this.objects.set(key, object);
  }
}

/** The contents of an object as they were before compression. */
export function plain({ body, headers }: S3Object): Uint8Array {
  switch (headers.get("content-encoding")) {
    case "gzip":
      return gunzipSync(body);
    case "zstd":
      return zstdDecompressSync(body);
    default:
      return body;
  }
}

function operationOf(method: string, hasKey: boolean, query: URLSearchParams): S3Operation | undefined {
  if (!hasKey) return method === "HEAD" ? "HeadBucket" : undefined;
  switch (method) {
    case "GET":
      return "GetObject";
    case "PUT":
      return query.has("partNumber") ? "UploadPart" : "PutObject";
    case "POST":
      return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
    case "DELETE":
      return query.has("uploadId") ? "AbortMultipartUpload" : undefined;
  }
  return undefined;
}

function etagOf(body: Uint8Array): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}

function failed(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = code === "" ? "" : `<Error><Code>${code}</Code><Message>Because of ${code}</Message></Error>`;
  return { status, headers, body };
}
