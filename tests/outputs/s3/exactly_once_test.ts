import assert from "node:assert/strict";
import fc from "fast-check";
import { batchOf } from "../../contracts/batches.ts";
import type { S3Fault } from "../../support/s3_server.ts";
import { Bucket, failure, idsOf, linesOf, never, numbered, PARTITION } from "./support.ts";

const LOST_ANSWER: S3Fault = { cut: "within", applied: true, status: 200, code: "Cut" };
const NOT_STORED: S3Fault = { status: 500 };

Deno.test("S3Output stores what a crash kept from being stored", async () => {
  await using bucket = new Bucket(({ operation }) => operation === "PutObject" ? NOT_STORED : undefined);
  await failure((await bucket.open()).send(numbered(1, 5), never));
  bucket.server.faults = () => undefined;
  const second = await bucket.open();
  assert.equal(bucket.server.count("GetObject"), 1);
  await second.send(numbered(1, 3), never);
  await second.send(numbered(4, 8), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 8));
});

Deno.test("S3Output does not store again what was stored when a crash came before the answer", async () => {
  await using bucket = new Bucket(({ operation }) => operation === "PutObject" ? LOST_ANSWER : undefined);
  await failure((await bucket.open()).send(numbered(1, 5), never));
  bucket.server.faults = () => undefined;
  const second = await bucket.open();
  await second.send(numbered(1, 3), never);
  await second.send(numbered(4, 8), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 8));
  assert.equal(bucket.server.objects.size, 2);
});

Deno.test("S3Output does not store again what was sent since the last checkpoint", async () => {
  await using bucket = new Bucket();
  const first = await bucket.open();
  await first.send(numbered(1, 5), never);
  await first.send(numbered(6, 9), never);
  const second = await bucket.open();
  await second.send(numbered(3, 12), never);
  await second.send(numbered(13, 13), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 13));
  assert.equal(bucket.server.count("GetObject"), 0, "it is known that they are there");
});

Deno.test("S3Output does not store again what an input offers again while it runs", async () => {
  await using bucket = new Bucket();
  const output = await bucket.open();
  await output.send(numbered(1, 5), never);
  await output.send(numbered(2, 7), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 7));
});

Deno.test("S3Output stores records of other partitions and origins between those that are there", async () => {
  await using bucket = new Bucket();
  const odd = { ...batchOf(["1\n", "3\n", "5\n"], PARTITION), ids: idsOf([10, 30, 50]) };
  await (await bucket.open()).send(odd, never);
  const second = await bucket.open();
  const mixed = batchOf(["1\n", "2\n", "3\n", "4\n", "5\n", "6\n"], PARTITION);
  const origins = [{ id: "file.0", end: 5 }, { id: "file.1", end: 6 }];
  await second.send({ ...mixed, ids: { origins, offsets: Float64Array.of(10, 20, 30, 40, 50, 10) } }, never);
  assert.deepEqual(bucket.lines(), ["1", "2", "3", "4", "5", "6"]);
});

Deno.test("S3Output does not store again what was given up and comes again", async () => {
  await using bucket = new Bucket(({ operation }) => operation === "PutObject" ? LOST_ANSWER : undefined);
  const output = await bucket.open();
  await failure(output.send(numbered(1, 5), never));
  bucket.server.faults = () => undefined;
  await output.send(numbered(4, 8), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 8));
});

Deno.test("S3Output does not ask for objects of other partitions that are on their way", async () => {
  const release = Promise.withResolvers<undefined>();
  await using bucket = new Bucket((_, number) => number === 0 ? release.promise : undefined);
  const output = await bucket.open();
  const sending = output.send({ ...batchOf(["1\n", "3\n"], "a/\x01"), ids: idsOf([10, 30]) }, never);
  await output.send({ ...batchOf(["2\n", "4\n"], "b/\x01"), ids: idsOf([20, 40]) }, never);
  release.resolve(undefined);
  await sending;
  assert.equal(bucket.server.count("GetObject"), 0);
  assert.deepEqual(bucket.lines(), ["1", "2", "3", "4"]);
});

Deno.test("S3Output waits with sending until the bucket says what is there", async () => {
  await using bucket = new Bucket(() => LOST_ANSWER);
  await failure((await bucket.open()).send(numbered(1, 5), never));
  bucket.server.faults = () => NOT_STORED;
  const second = bucket.create();
  assert.match((await failure(second.open(never))).message, /GetObject at .* answered 500/);
  for (
    const [status, code] of [[404, "NoSuchBucket"], [403, "ExpiredToken"], [
      403,
      "InvalidAccessKeyId",
    ]] as const
  ) {
    bucket.server.faults = () => ({ status, code });
    // None of them says that the object is missing.
    assert.match((await failure(second.open(never))).message, new RegExp(`${status} ${code}`));
  }
  // Another crash, in the middle of that.
  bucket.server.faults = () => undefined;
  const third = await bucket.open();
  await third.send(numbered(1, 6), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 6));
});

Deno.test("S3Output ends an upload in parts that a crash left behind", async () => {
  const large = { ...batchOf([`${"x".repeat(6 << 20)}\n`], PARTITION), ids: idsOf([0]) };
  await using bucket = new Bucket(({ operation }) => operation === "UploadPart" ? NOT_STORED : undefined);
  await failure((await bucket.open({ part_size: "5MiB" })).send(large, never));
  assert.equal(bucket.server.uploads.size, 1);
  bucket.server.faults = () => undefined;
  await bucket.open();
  assert.equal(bucket.server.uploads.size, 0);
});

Deno.test("S3Output that may not look sends again, and says so", async () => {
  await using bucket = new Bucket(() => LOST_ANSWER);
  await failure((await bucket.open()).send(numbered(1, 2), never));
  bucket.server.faults = ({ operation }) =>
    operation === "GetObject" ? { status: 403, code: "AccessDenied" } : undefined;
  const second = await bucket.open();
  await second.send(numbered(1, 3), never);
  assert.deepEqual(bucket.lines(), [...linesOf(1, 2), ...linesOf(1, 3)].sort());
  assert.match(bucket.log.at("warn", 0), /may not see whether 1 objects .*s3:GetObject.*stored twice/);
});

Deno.test("S3Output with two names keeps what belongs to each apart", async () => {
  await using bucket = new Bucket();
  await (await bucket.open({}, "one")).send(numbered(1, 5), never);
  await (await bucket.open({}, "two")).send(numbered(1, 5), never);
  await (await bucket.open({}, "one")).send(numbered(1, 6), never);
  await (await bucket.open({}, "two")).send(numbered(1, 5), never);
  assert.equal(bucket.server.count("PutObject"), 3);
  assert.equal(bucket.server.lines, 11);
});

Deno.test("S3Output with another bucket begins a journal of its own", async () => {
  await using bucket = new Bucket();
  await (await bucket.open()).send(numbered(1, 2), never);
  const other = await bucket.open({ bucket: "another" });
  assert.match((await failure(other.send(numbered(1, 2), never))).message, /404 NoSuchBucket/);
});

Deno.test("S3Output without its journal loses nothing, and says what may be doubled", async () => {
  await using bucket = new Bucket();
  const first = await bucket.open();
  await first.send(numbered(1, 3), never);
  const { state } = first.participant.snapshot();
  for (const { name } of Deno.readDirSync(bucket.directory)) Deno.removeSync(`${bucket.directory}/${name}`);
  const second = bucket.create();
  second.participant.restore(state, true);
  await second.open(never);
  await second.send(numbered(2, 4), never);
  assert.match(bucket.log.at("warn", 0), /journal .* is gone: .*stored twice/);
  assert.deepEqual(new Set(bucket.lines()), new Set(linesOf(1, 4)));
  assert.equal(bucket.server.lines, 6);

  const third = bucket.create();
  third.participant.restore(second.participant.snapshot().state, true);
  await third.open(never);
  assert.equal(bucket.log.of("warn").length, 1, "a journal that is there is no trouble");
});

Deno.test("S3Output whose journal is damaged loses nothing, and says so", async () => {
  await using bucket = new Bucket();
  const first = await bucket.open();
  await first.send(numbered(1, 3), never);
  await first.send(numbered(4, 6), never);
  const [file] = [...Deno.readDirSync(bucket.directory)];
  const path = `${bucket.directory}/${file!.name}`;
  const lines = Deno.readTextFileSync(path).split("\n");
  // The first object is unreadable, and a line was being written.
  Deno.writeTextFileSync(path, [lines[0], "\x00\x00", ...lines.slice(2, -1), '{"n":3,"ke'].join("\n"));
  const second = await bucket.open();
  await second.send(numbered(1, 7), never);
  assert.match(bucket.log.at("warn", 0), /Cannot read 1 lines of/);
  assert.deepEqual(bucket.lines(), [...linesOf(1, 3), ...linesOf(1, 7)].sort());
});

Deno.test("S3Output without a directory tells that a crash may double records", async () => {
  await using bucket = new Bucket();
  const { S3Output } = await import("../../../src/outputs/s3/s3_output.ts");
  const { configOf } = await import("./support.ts");
  await using output = new S3Output(configOf(bucket.server.block), { name: "s3", log: bucket.log });
  await output.open(never);
  await output.send(numbered(1, 2), never);
  await output.send(numbered(1, 3), never);
  assert.deepEqual(bucket.lines(), linesOf(1, 3));
  assert.match(bucket.log.at("info", 0), /keeps no journal.*stored twice/);
});

Deno.test("S3Output stores each record once, whatever fails and however often it is killed", async () => {
  const fates: readonly (S3Fault | undefined)[] = [undefined, undefined, LOST_ANSWER, NOT_STORED];
  const step = fc.record({
    fate: fc.constantFrom(...fates),
    batches: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    isKilled: fc.boolean(),
    // How many of the records that are settled the saved position lacks.
    lag: fc.integer({ min: 0, max: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
      await using bucket = new Bucket();
      let output = await bucket.open();
      let position = 1;
      for (const { fate, batches, isKilled, lag } of steps) {
        const sends: { first: number; end: number }[] = [];
        let next = position;
        for (const size of batches) sends.push({ first: next, end: next += size });
        bucket.server.faults = ({ operation }, number) =>
          operation === "PutObject" && number % 2 === 0 ? fate : undefined;
        // Several at once, as the sender does.
        const results = await Promise.allSettled(
          sends.map(({ first, end }) => output.send(numbered(first, end - 1), never)),
        );
        // The mark moves over an unbroken run.
        const failed = results.findIndex(({ status }) => status === "rejected");
        position = failed === -1 ? next : sends[failed]!.first;
        if (!isKilled) continue;
        bucket.server.faults = () => undefined;
        output = await bucket.open();
        position = Math.max(1, position - lag);
      }
      bucket.server.faults = () => undefined;
      output = await bucket.open();
      await output.send(numbered(position, 300), never);
      assert.deepEqual(bucket.lines(), linesOf(1, 300));
      assert.deepEqual(bucket.server.overwritten, []);
    }),
    { numRuns: 25 },
  );
});
