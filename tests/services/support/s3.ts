import { join } from "node:path";
import { filesBelow } from "../../support/delivered.ts";
import { countLines } from "../../support/oracle.ts";
import { install, run } from "./install.ts";
import { freePort, ServerProcess } from "./server_process.ts";

const VERSITYGW = "1.8.0";
const BOTO3 = "1.44.5";

/** The S3 gateway of Versity, built from its sources; objects are files below a directory. */
export const versityGateway = await install("versitygw", VERSITYGW, async (directory) => {
  await run("go", ["install", `github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW}`], {
    env: { GOBIN: directory },
  });
});

/** The AWS SDK for Python, which reads back what was stored. */
export const boto3 = await install("boto3", BOTO3, async (directory) => {
  await run("python3", [
    ...["-m", "pip", "install", "--quiet", "--target", directory],
    ...[`boto3==${BOTO3}`, "cramjam", "zstandard"],
  ]);
});

const READ_ALL = `
import boto3, gzip, json, sys, cramjam, zstandard
from botocore.config import Config
endpoint, bucket, key, secret = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key,
    aws_secret_access_key=secret, config=Config(s3={"addressing_style": "path"}))
plain = {
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "x-snappy-framed": lambda body: bytes(cramjam.snappy.decompress(body)),
}
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
    for item in page.get("Contents", []):
        found = client.get_object(Bucket=bucket, Key=item["Key"])
        body = found["Body"].read()
        encoding = found.get("ContentEncoding", "")
        tags = client.get_object_tagging(Bucket=bucket, Key=item["Key"])["TagSet"]
        print(json.dumps({"key": item["Key"], "type": found["ContentType"], "encoding": encoding,
            "tags": {tag["Key"]: tag["Value"] for tag in tags}, "size": len(body),
            "text": plain.get(encoding, bytes)(body).decode()}))
uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
print(json.dumps({"uploads": len(uploads)}))
`;

/** An object as boto3 reads it, its text as it was before compression. */
export interface ReadObject {
  readonly key: string;
  readonly type: string;
  readonly encoding: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly size: number;
  readonly text: string;
}

/** A gateway that runs, with one bucket. */
export class Gateway implements AsyncDisposable {
  static readonly accessKey = "services-access";
  static readonly secretKey = "services-secret";
  static readonly bucket = "logs";
  readonly port: number;
  readonly #process: ServerProcess;
  readonly #objects: string;
  readonly #python: string;
  readonly #counted = new Map<string, number>();

  private constructor(program: string, python: string, directory: string, port: number) {
    this.port = port;
    this.#python = python;
    this.#objects = join(directory, "root", Gateway.bucket);
    Deno.mkdirSync(this.#objects, { recursive: true });
    Deno.mkdirSync(join(directory, "sidecar"));
    this.#process = new ServerProcess({
      command: join(program, "versitygw"),
      args: [
        ...["--access", Gateway.accessKey, "--secret", Gateway.secretKey, "--port", `127.0.0.1:${port}`],
        // Not all file systems have extended attributes.
        ...["--quiet", "posix", "--sidecar", join(directory, "sidecar"), join(directory, "root")],
      ],
      port,
    });
  }

  /** Starts a gateway on a free port; `program` and `python`: where it and boto3 are installed. */
  static async start(program: string, python: string, directory: string): Promise<Gateway> {
    const gateway = new Gateway(program, python, directory, freePort());
    await gateway.#process.start();
    return gateway;
  }

  /** The keys of a configuration block for it. */
  get block() {
    return {
      bucket: Gateway.bucket,
      endpoint: `http://127.0.0.1:${this.port}`,
      use_path_style: true,
      access_key_id: Gateway.accessKey,
      secret_access_key: Gateway.secretKey,
    };
  }

  /** Kills it, and starts it again on the same data. */
  async restart(): Promise<void> {
    await this.#process.stop("SIGKILL");
    await this.#process.start();
  }

  /** How many lines the objects have, which are not compressed; counted in the files. */
  lines(): number {
    let lines = 0;
    for (const path of filesBelow(this.#objects)) {
      // What is being written stands in a directory of its own.
      if (path.includes("/.")) continue;
      let count = this.#counted.get(path);
      if (count === undefined) this.#counted.set(path, count = countLines(Deno.readFileSync(path)));
      lines += count;
    }
    return lines;
  }

  /** All objects, and how many uploads in parts have not ended. */
  async read(): Promise<{ objects: ReadObject[]; uploads: number }> {
    const args = [this.block.endpoint, Gateway.bucket, Gateway.accessKey, Gateway.secretKey];
    const output = await run("python3", ["-c", READ_ALL, ...args], { env: { PYTHONPATH: this.#python } });
    const rows = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    return { objects: rows.slice(0, -1), uploads: rows.at(-1).uploads };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
