import assert from "node:assert/strict";
import { SchemaError } from "../../../src/lib/schema.ts";
import { s3Output } from "../../../src/outputs/s3/s3_config.ts";
import { configOf } from "./support.ts";

Deno.test("s3 has the defaults of the original", () => {
  const config = configOf({ bucket: "logs" });
  assert.deepEqual(config, {
    bucket: "logs",
    region: "us-east-1",
    prefix: "logs/",
    key_template: "{{.Year}}/{{.Month}}/{{.Day}}/{{.Hour}}/{{.Timestamp}}.json",
    storage_class: "STANDARD",
    acl: "private",
    tags: {},
    encoding: "ndjson",
    compression: "none",
    content_type: "application/json",
    batch_size: 100,
    batch_bytes: 8 << 20,
    batch_timeout: 5000,
    flush_interval: 1000,
    upload_concurrency: 5,
    part_size: 16 << 20,
    timeout: 30_000,
    use_path_style: false,
    tls: {},
  });
});

Deno.test("s3 takes its example", () => {
  assert.equal(configOf(s3Output.example as Record<string, unknown>).compression, "zstd");
});

Deno.test("s3 refuses what cannot work", () => {
  for (
    const [block, reason] of [
      [{}, /bucket/],
      [{ bucket: "a/b" }, /no name of a bucket/],
      [{ bucket: "logs", endpoint: "ftp://x" }, /http or https/],
      [{ bucket: "logs", endpoint: "http://user:pw@x" }, /no user and no password/],
      [{ bucket: "logs", endpoint: "http://x/logs" }, /without path and query/],
      [{ bucket: "logs", key_template: "{{.Nanosecond}}" }, /has no "\{\{\.Nanosecond\}\}"/],
      [{ bucket: "logs", prefix: "a/../" }, /do not go together/],
      [{ bucket: "logs", access_key_id: "a" }, /write both/],
      [{ bucket: "logs", session_token: "a" }, /all three/],
      [{ bucket: "logs", kms_key_id: "a" }, /aws:kms/],
      [{ bucket: "logs", server_side_encryption: "none" }, /server_side_encryption/],
      [{ bucket: "logs", acl: "secret" }, /acl/],
      [{ bucket: "logs", content_type: "json" }, /no content type/],
      [{ bucket: "logs", tags: { "": "x" } }, /1 to 128/],
      [{ bucket: "logs", part_size: "1MiB" }, /at least 5MiB/],
      [{ bucket: "logs", flush_interval: "0s" }, /at least 1ms/],
      [{ bucket: "logs", endpoint: "http://x", tls: { ca_file: "/ca.pem" } }, /write https/],
    ] as const
  ) {
    assert.throws(
      () => configOf(block),
      (error) => error instanceof SchemaError && reason.test(String(error.message)),
      `${reason}`,
    );
  }
});

Deno.test("s3 needs to reach its server, and what the SDK looks at", () => {
  const texts = (block: Record<string, unknown>) =>
    s3Output.permissions(configOf({ bucket: "logs", ...block })).map((need) =>
      "host" in need
        ? need.host
        : "path" in need
        ? `${need.name} ${need.path}`
        : "variable" in need
        ? need.variable
        : ""
    );
  const keys = { access_key_id: "a", secret_access_key: "b" };
  assert.deepEqual(texts({ endpoint: "http://127.0.0.1:9000", ...keys }), ["127.0.0.1:9000"]);
  assert.deepEqual(texts({ endpoint: "https://minio", tls: { ca_file: "/ca.pem" }, ...keys }), [
    "minio:443",
    "logs.minio:443",
    "read /ca.pem",
  ]);
  const aws = texts({ region: "cn-north-1" });
  assert.ok(aws.includes("logs.s3.cn-north-1.amazonaws.com.cn:443"));
  assert.ok(aws.includes("AWS_PROFILE") && aws.includes("HOME"));
  assert.ok(aws.includes("169.254.169.254:80"));
  assert.ok(aws.some((text) => text.startsWith("read ") && text.endsWith(".aws")));
});
