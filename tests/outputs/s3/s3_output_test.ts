import assert from "node:assert/strict";
import { RetryLaterError } from "../../../src/outputs/output.ts";
import { batchOf } from "../../contracts/batches.ts";
import type { S3Fault, S3Request } from "../../support/s3_server.ts";
import { ACCESS_KEY, SECRET_KEY } from "../../support/s3_server.ts";
import { hasOpenssl, TestCertificates } from "../../support/test_certificates.ts";
import { Bucket, failure, linesOf, never, numbered, PARTITION } from "./support.ts";

Deno.test("S3Output stores a batch as an object with the configured attributes", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open({
    storage_class: "STANDARD_IA",
    server_side_encryption: "aws:kms",
    kms_key_id: "key-1",
    acl: "bucket-owner-full-control",
    tags: { team: "a b", env: "x&y=z" },
    content_type: "application/x-ndjson",
    session_token: "token-1",
  });
  await output.send(numbered(1, 3), never);
  const [[key, { headers }] = ["", { headers: new Headers() }]] = [...bucket.server.objects];
  assert.match(key, /^logs\/app-file\.0\.a-[0-9a-f]{12}\.json$/);
  assert.deepEqual(bucket.lines(), linesOf(1, 3));
  assert.equal(headers.get("x-amz-storage-class"), "STANDARD_IA");
  assert.equal(headers.get("x-amz-server-side-encryption"), "aws:kms");
  assert.equal(headers.get("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
  assert.equal(headers.get("x-amz-acl"), "bucket-owner-full-control");
  assert.equal(headers.get("x-amz-tagging"), "team=a%20b&env=x%26y%3Dz");
  assert.equal(headers.get("content-type"), "application/x-ndjson");
  assert.equal(headers.get("x-amz-security-token"), "token-1");
});

Deno.test("S3Output leaves out what is the default anyway", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open();
  await output.send(numbered(1, 1), never);
  const names = [...bucket.server.requests[0]!.headers.keys()];
  assert.deepEqual(
    names.filter((name) => /acl|storage|tagging|encryption|content-encoding|checksum/.test(name)),
    [],
  );
  assert.equal(bucket.server.requests[0]!.headers.get("content-type"), "application/json");
  assert.match(bucket.server.requests[0]!.headers.get("authorization")!, /\/us-east-1\/s3\/aws4_request/);
});

for (const [compression, extension] of [["gzip", ".gz"], ["zstd", ".zst"], ["snappy", ".sz"]] as const) {
  Deno.test(`S3Output compresses with ${compression}`, async () => {
    await using bucket = new Bucket();
    const output = await bucket.open({ compression });
    await output.send(numbered(1, 50), never);
    const [key = ""] = bucket.server.objects.keys();
    assert.ok(key.endsWith(`.json${extension}`), key);
    if (compression !== "snappy") assert.deepEqual(bucket.lines(), linesOf(1, 50));
  });
}

Deno.test("S3Output ends the last line", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open();
  await output.send(batchOf(["a\n", "b"], "x/\x01"), never);
  assert.deepEqual(Object.values(bucket.server.texts()), ["a\nb\n"]);
});

Deno.test("S3Output fills in the time of the first record", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open();
  const record = (time: string) => `{"timestamp":"${time}","message":""}\n`;
  const partition = "\x02 \x03 \x04 \x01";
  await output.send(
    batchOf([record("2026-11-25T01:02:03.004005006Z"), record("2027-01-01T00:00:00Z")], partition),
    never,
  );
  await output.send(batchOf(["no JSON\n"], partition), never);
  const [first = "", second = ""] = bucket.server.objects.keys();
  assert.match(first, /^1795568523 1795568523004005006 03 [0-9a-f-]{36}-1$/);
  assert.match(second, /^1795609815 1795609815000000000 15 [0-9a-f-]{36}-2$/);
});

Deno.test("S3Output with records without ids gives each batch a key of its own", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open();
  const batch = batchOf(["same\n"], PARTITION);
  await output.send(batch, never);
  await output.send(batchOf(["same\n"], PARTITION), never);
  assert.equal(bucket.server.objects.size, 2);
});

Deno.test("S3Output sends a batch again as the same object", async () => {
  let failing = 3;
  const faults: S3Fault[] = [{ cut: "before", applied: true }, { status: 500 }, { cut: "before" }];
  await using bucket = new Bucket(() => failing > 0 ? faults[--failing] : undefined);
  const output = await bucket.open();
  const batch = numbered(1, 5);
  let failed = 0;
  // The runtime itself tries once more where a connection that was used before is closed.
  while (await output.send(batch, never).then(() => false, () => true)) failed++;
  assert.ok(failed >= 2);
  assert.equal(bucket.server.requests.length, 4);
  assert.equal(new Set(bucket.server.requests.map(({ key }) => key)).size, 1);
  assert.deepEqual(bucket.lines(), linesOf(1, 5));
});

Deno.test("S3Output never overwrites an object that begins with the same record", async () => {
  await using bucket = new Bucket();
  await (await bucket.open({}, "one")).send(numbered(1, 5), never);
  await (await bucket.open({}, "two")).send(numbered(1, 5), never);
  await (await bucket.open({}, "three")).send(numbered(1, 4), never);
  assert.equal(bucket.server.objects.size, 3);
});

Deno.test("S3Output uploads large objects in parts", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open({
    part_size: "5MiB",
    batch_bytes: "64MiB",
    upload_concurrency: 2,
    tags: { a: "b" },
  });
  const batch = batchOf(
    Array.from({ length: 12 }, (_, index) => `${index}${"x".repeat(1 << 20)}\n`),
    PARTITION,
  );
  await output.send(batch, never);
  const [object] = bucket.server.objects.values();
  assert.deepEqual(new Uint8Array(object!.body), batch.bytes);
  assert.equal(object!.headers.get("x-amz-tagging"), "a=b");
  assert.equal(bucket.server.count("UploadPart"), 3);
  assert.equal(bucket.server.uploads.size, 0);
});

Deno.test("S3Output goes on with an upload in parts where it failed, and begins again when it is gone", async () => {
  await using bucket = new Bucket(({ operation }, number) => {
    if (operation === "UploadPart" && number === 1) return { status: 503, code: "SlowDown" };
    if (operation === "CompleteMultipartUpload" && number === 0) return { cut: "before", applied: true };
  });
  const output = await bucket.open({ part_size: "5MiB", upload_concurrency: 1 });
  const batch = batchOf(
    Array.from({ length: 11 }, (_, index) => `${index}${"x".repeat(1 << 20)}\n`),
    PARTITION,
  );
  const { server } = bucket;
  assert.match((await failure(output.send(batch, never))).message, /UploadPart at .* answered 503 SlowDown/);
  const completing = failure(output.send(batch, never));
  assert.match((await completing).message, /CompleteMultipartUpload at .*(?:failed|404 NoSuchUpload)/);
  assert.equal(server.count("UploadPart"), 4, "the part that was there is not sent again");
  while (await output.send(batch, never).then(() => false, () => true));
  assert.equal(server.objects.size, 1);
  assert.deepEqual(server.overwritten, []);
  assert.deepEqual(new Uint8Array([...server.objects.values()][0]!.body), batch.bytes);
});

Deno.test("S3Output tells what went wrong, where, and what to look at", async () => {
  let fault: S3Fault = {};
  await using bucket = new Bucket(() => fault);
  const output = await bucket.open({ timeout: "50ms" });
  const place = bucket.server.endpoint.slice(7);
  let number = 0;
  const told = async (next: S3Fault): Promise<Error> => {
    fault = next;
    // Others each time: what was given up is looked for when it comes again.
    return await failure(output.send(numbered(++number, number), never));
  };
  assert.equal(
    (await told({ status: 403, code: "SignatureDoesNotMatch" })).message,
    `PutObject at ${place} answered 403 SignatureDoesNotMatch "Because of SignatureDoesNotMatch", look at secret_access_key and region`,
  );
  assert.match(
    (await told({ status: 400, code: "AccessControlListNotSupported" })).message,
    /leave acl out$/,
  );
  assert.match((await told({ status: 404, code: "NoSuchBucket" })).message, /look at bucket$/);
  assert.match(
    (await told({ status: 301, code: "PermanentRedirect" })).message,
    /301 PermanentRedirect .*region/,
  );
  assert.equal(
    (await told({ status: 500, code: "InternalError" })).message,
    `PutObject at ${place} answered 500 InternalError`,
  );
  assert.equal((await told({ status: 502 })).message, `PutObject at ${place} answered 502`);
  assert.equal(
    (await told({ cut: "before" })).message,
    `PutObject at ${place} failed: the server closed the connection without an answer`,
  );
  assert.equal((await told({ hang: true })).message, `PutObject at ${place} was not answered within 50ms`);
  const later = await told({ status: 503, code: "SlowDown", headers: { "retry-after": "7" } });
  assert.ok(later instanceof RetryLaterError);
  assert.equal(later.wait, 7000);
  assert.equal(later.message, `PutObject at ${place} answered 503 SlowDown`);
});

Deno.test("S3Output tells no secret", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open({ access_key_id: "other" });
  bucket.server.faults = () => ({ status: 403, code: `X${SECRET_KEY}` });
  const { message } = await failure(output.send(numbered(1, 1), never));
  assert.ok(!message.includes(SECRET_KEY), message);
});

Deno.test("S3Output stops at once when it is told to", async () => {
  const arrived = Promise.withResolvers<void>();
  await using bucket = new Bucket(() => {
    arrived.resolve();
    return { hang: true };
  });
  const output = await bucket.open();
  const stop = new AbortController();
  const sending = failure(output.send(numbered(1, 1), stop.signal));
  await arrived.promise;
  stop.abort();
  assert.match((await sending).message, /PutObject at .* was stopped/);
  assert.match((await failure(output.send(numbered(2, 2), stop.signal))).message, /abort|stopped/i);
});

Deno.test("S3Output finds the bucket in the host name, unless told otherwise", async () => {
  await using bucket = new Bucket();
  const endpoint = `http://localhost:${bucket.server.port}`;
  const output = await bucket.open({ endpoint, use_path_style: false });
  // These tests may not connect to such a host.
  assert.match((await failure(output.send(numbered(1, 1), never))).message, /"bucket\.localhost:\d+"/);
  const other = await bucket.open({ endpoint, use_path_style: true }, "other");
  await other.send(numbered(1, 1), never);
  assert.equal(bucket.server.objects.size, 1);
});

Deno.test("S3Output signs for the region with what the environment has", async () => {
  await using bucket = new Bucket();
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret } = Deno.env.toObject();
  try {
    Deno.env.set("AWS_ACCESS_KEY_ID", ACCESS_KEY);
    Deno.env.set("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    const output = await bucket.open({
      access_key_id: undefined,
      secret_access_key: undefined,
      region: "eu-west-3",
    });
    await output.send(numbered(1, 1), never);
    const authorization = bucket.server.requests[0]!.headers.get("authorization")!;
    assert.ok(authorization.includes(`Credential=${ACCESS_KEY}/`));
    assert.match(authorization, /\/eu-west-3\/s3\/aws4_request/);
  } finally {
    for (const [name, value] of [["AWS_ACCESS_KEY_ID", key], ["AWS_SECRET_ACCESS_KEY", secret]] as const) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});

Deno.test({
  name: "S3Output trusts the certificates of tls.ca_file",
  ignore: !hasOpenssl(),
  fn: async () => {
    await using certificates = await TestCertificates.make();
    const stored: string[] = [];
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: Deno.readTextFileSync(certificates.path("server.pem")),
      key: Deno.readTextFileSync(certificates.path("server.key")),
      onListen() {},
    }, async (request) => {
      stored.push(await request.text());
      return new Response();
    });
    await using bucket = new Bucket();
    const endpoint = `https://127.0.0.1:${server.addr.port}`;
    const output = await bucket.open({ endpoint, tls: { ca_file: certificates.path("ca.pem") } });
    await output.send(numbered(1, 1), never);
    assert.deepEqual(stored, ["file.0 1\n"]);
    const other = await bucket.open({ endpoint }, "other");
    assert.match((await failure(other.send(numbered(1, 1), never))).message, /certificate/i);
    const missing = bucket.create({ endpoint, tls: { ca_file: "/nowhere/ca.pem" } }, "missing");
    assert.match((await failure(missing.open(never))).message, /tls\.ca_file "\/nowhere\/ca\.pem"/);
    await output[Symbol.asyncDispose]();
  },
});

Deno.test("S3Output.probe asks for the bucket", async () => {
  let fault: S3Fault | undefined;
  const asked: S3Request[] = [];
  await using bucket = new Bucket((request) => {
    asked.push(request);
    return fault;
  });
  const output = await bucket.open();
  await output.probe(never);
  assert.deepEqual(asked.map(({ operation }) => operation), ["HeadBucket"]);
  fault = { status: 404 };
  assert.match((await failure(output.probe(never))).message, /HeadBucket at .* answered 404/);
  fault = { status: 403 };
  assert.match((await failure(output.probe(never))).message, /answered 403.*credentials/);
});

Deno.test("S3Output says how it likes its batches", async () => {
  await using bucket = new Bucket();
  const { batching, concurrency, takesIds } = bucket.create({
    batch_size: 7,
    batch_bytes: "1MiB",
    batch_timeout: "5s",
    flush_interval: "2s",
    upload_concurrency: 3,
  });
  assert.deepEqual({ batching, concurrency, takesIds }, {
    batching: { events: 7, bytes: 1 << 20, wait: 6000 },
    concurrency: 3,
    takesIds: true,
  });
});
