import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyErrors } from "../../src/lib/key_error.ts";
import type { Processed } from "../../src/processing/plan.ts";
import { buildTestProcessor } from "./test_processor.ts";
import { jobOf, KeptLog, planOf, poolOf, recordsOf, sourceOf, startedPool } from "./support.ts";

/** Long enough for a healthy job on a busy machine, short enough for a test that waits for it. */
const SHORT = 500;

Deno.test("WorkerPool answers with what the processor makes of each job", async () => {
  await using pool = await startedPool();
  const jobs = Array.from({ length: 40 }, (_, i) => [`line ${i}`, "drop", `to:p${i % 3}:x${i}`]);
  const answers = await Promise.all(jobs.map((records) => pool.process("app", jobOf(records))));
  for (const [i, answer] of answers.entries()) {
    assert.deepEqual(recordsOf(answer), { "": [`LINE ${i}`], [`p${i % 3}`]: [`x${i}`] });
    assert.deepEqual(answer.discarded, { drop: 1 });
  }
});

Deno.test("WorkerPool takes in what its workers sent for a thread that is always busy", async () => {
  await using pool = await startedPool({ size: 1 });
  const answered: string[] = [];
  for (const record of ["c", "d"]) {
    pool.process("app", jobOf([record])).then((answer) => answered.push(...recordsOf(answer)[""] ?? []));
  }
  // Only promise turns: nothing else would let a message in.
  const end = performance.now() + 30_000;
  while (answered.length < 2 && performance.now() < end) await pool.receive();
  assert.deepEqual(answered, ["C", "D"]);
});

Deno.test("WorkerPool hands source, time, offsets and files over to the processor", async () => {
  const files = new Map([["/etc/zones", new TextEncoder().encode("from a file")]]);
  await using pool = await startedPool({ files });
  const source = { input: "app", stream: "/x", labels: { pod: "p1" } };
  const origin = { id: "lineage", offset: 100 };
  const records = ["source", "ab", "file:/etc/zones"];
  const answer = await pool.process("app", jobOf(records, { source, receivedAt: 1.5, origin }));
  assert.deepEqual(recordsOf(answer)[""], [
    JSON.stringify([source, 1.5, "lineage"]),
    "AB",
    "from a file",
  ]);
  assert.deepEqual(recordsOf(answer, "b")[""], ["100", "106", "108"]);
  const offsets = Float64Array.of(2 ** 40, 7);
  const cut = await pool.process("app", jobOf(["x", "y"], { origin: { ...origin, offsets } }));
  assert.deepEqual(recordsOf(cut, "b")[""], [String(2 ** 40), "7"]);
});

Deno.test("WorkerPool tells sources apart, also more than a worker keeps", async () => {
  await using pool = await startedPool({ size: 1 });
  const sources = Array.from({ length: 1500 }, (_, i) => sourceOf(`/log/${i}`));
  for (const source of [...sources, ...sources.slice(0, 3), ...sources.slice(-3)]) {
    const answer = await pool.process("app", jobOf(["source"], { source }));
    assert.equal(JSON.parse(recordsOf(answer)[""]![0]!)[0].stream, source.stream);
  }
});

Deno.test("WorkerPool leaves the bytes of a job as they are", async () => {
  await using pool = await startedPool();
  const job = jobOf(["some", "records"]);
  await pool.process("app", job);
  assert.equal(new TextDecoder().decode(job.bytes), "somerecords");
  assert.deepEqual([...job.ends], [4, 11]);
});

Deno.test("WorkerPool processes pinned jobs of an input in one worker, in order", async () => {
  await using pool = await startedPool({ size: 3, plans: [planOf("app"), planOf("other")] });
  const answers: Promise<Processed>[] = [];
  const others: Promise<Processed>[] = [];
  for (let i = 0; i < 50; i++) {
    answers.push(pool.process("app", jobOf(["count"]), { pinned: true }));
    others.push(pool.process("other", jobOf(["x"])));
  }
  await Promise.all(others);
  const counts = (await Promise.all(answers)).map((answer) => recordsOf(answer)[""]![0]);
  assert.deepEqual(counts, Array.from({ length: 50 }, (_, i) => String(i + 1)));
});

Deno.test("WorkerPool starts no second worker before the first has too much to do", async () => {
  await using pool = await startedPool({ size: 3 });
  for (let i = 0; i < 5; i++) {
    await Promise.all([pool.process("app", jobOf(["x"])), pool.process("app", jobOf(["y"]))]);
  }
  assert.equal(pool.workers, 1);
  const many = Array.from({ length: 30 }, () => pool.process("app", jobOf(["x"])));
  assert.equal(pool.workers, 2);
  await Promise.all(many);
});

Deno.test("WorkerPool has a record that never ends become a dead letter, and processes all others", async () => {
  for (const guilty of ["hang", "regex"]) {
    const log = new KeptLog();
    await using pool = await startedPool({ size: 1, jobTimeout: SHORT, log });
    const origin = { id: "lineage", offset: 1000 };
    const answer = pool.process("app", jobOf(["one", "drop", guilty, "dead", "two"], { origin }));
    const behind = pool.process("app", jobOf(["behind"]));
    assert.deepEqual(recordsOf(await answer), { "": ["ONE", "TWO"] });
    assert.deepEqual(recordsOf(await answer, "b")[""], ["1000", String(1000 + 11 + guilty.length)]);
    assert.deepEqual((await answer).deadLetters, [
      { index: 2, reason: "took longer than 500ms to process" },
      { index: 3, reason: "as told" },
    ]);
    assert.deepEqual((await answer).discarded, { drop: 1 });
    assert.equal((await answer).unparsed, 2);
    assert.deepEqual(recordsOf(await behind), { "": ["BEHIND"] });
    assert.deepEqual(log.of("warn"), [
      'Cannot process 5 records at byte 1000 of "/var/log/app.log" for input "app": took longer than 500ms to ' +
      "process; worker 1 is replaced, and the records are tried one by one",
    ]);
    assert.deepEqual(log.of("error"), [
      'Cannot process the record at byte 1007 of "/var/log/app.log" for input "app": took longer than 500ms to ' +
      "process; it becomes a dead letter",
    ]);
  }
});

Deno.test("WorkerPool counts a job's time from its beginning, not from when it was queued", async () => {
  const log = new KeptLog();
  await using pool = await startedPool({ size: 1, jobTimeout: SHORT, log });
  const hanging = pool.process("app", jobOf(["hang"]));
  const waiting = Array.from({ length: 5 }, (_, i) => pool.process("app", jobOf([`w${i}`])));
  assert.equal((await hanging).deadLetters.length, 1);
  for (const [i, answer] of (await Promise.all(waiting)).entries()) {
    assert.deepEqual(recordsOf(answer), { "": [`W${i}`] });
  }
  assert.equal(log.of("warn").length, 1);
});

Deno.test("WorkerPool finds every guilty record of a job", async () => {
  const log = new KeptLog();
  await using pool = await startedPool({ log });
  const records = [
    "a",
    "throw:first",
    "to:p:b",
    "c",
    "throw:second",
    "to:p:d",
    "throw:third",
    "warn:w",
    "warn:w",
  ];
  const answer = await pool.process("app", jobOf(records, { origin: { id: "lineage", offset: 0 } }));
  assert.deepEqual(answer.deadLetters, [
    { index: 1, reason: "first" },
    { index: 4, reason: "second" },
    { index: 6, reason: "third" },
  ]);
  assert.deepEqual(recordsOf(answer), { "": ["A", "C"], p: ["b", "d"] });
  assert.deepEqual(recordsOf(answer, "b")[""], ["0", "12", "18", "31"]);
  assert.deepEqual(answer.warnings, ["w"]);
  assert.equal(log.of("error").length, 3);
});

Deno.test("WorkerPool logs a few guilty records of a job and counts the others", async () => {
  const log = new KeptLog();
  await using pool = await startedPool({ size: 1, log });
  const answer = await pool.process("app", jobOf(Array.from({ length: 13 }, () => "throw:x")));
  assert.equal(answer.deadLetters.length, 13);
  assert.equal(log.of("error").length, 11);
  assert.equal(
    log.of("error").at(-1),
    'Cannot process 13 of 13 records of "/var/log/app.log" for input "app"; they become dead letters',
  );
});

Deno.test("WorkerPool goes on with other jobs in other workers while one is retried", async () => {
  await using pool = await startedPool({ size: 2, jobTimeout: SHORT });
  await Promise.all(Array.from({ length: 20 }, () => pool.process("app", jobOf(["x"]))));
  let isDone = false;
  const hanging = pool.process("app", jobOf(["hang"])).then(() => isDone = true);
  await Promise.all(Array.from({ length: 20 }, () => pool.process("app", jobOf(["x"]))));
  assert.equal(isDone, false);
  await hanging;
});

Deno.test("WorkerPool keeps the order of pinned jobs when their worker is replaced", async () => {
  await using pool = await startedPool({ size: 2 });
  const order: number[] = [];
  const jobs = [["count"], ["throw:x", "count"], ["count"], ["count", "count"]];
  const answers = await Promise.all(jobs.map(async (records, index) => {
    const answer = await pool.process("app", jobOf(records), { pinned: true });
    order.push(index);
    return recordsOf(answer)[""];
  }));
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.deepEqual(answers, [["1"], ["1"], ["2"], ["3", "4"]]);
});

Deno.test("WorkerPool replaces a worker that ends without a word", async () => {
  await Promise.all(["exit", "close"].map(async (guilty) => {
    const log = new KeptLog();
    await using pool = await startedPool({ size: 1, jobTimeout: 100, log });
    const answer = await pool.process("app", jobOf(["one", guilty, "two"]));
    assert.deepEqual(recordsOf(answer)[""]?.at(-1), "TWO");
    assert.match(log.of("warn")[0] ?? "", /was not answered within 1.15s/);
  }));
});

Deno.test("WorkerPool replaces a worker that dies while it has nothing to do", async () => {
  for (const guilty of ["later:boom", "reject:boom"]) {
    const log = new KeptLog();
    await using pool = await startedPool({ size: 1, log });
    await pool.process("app", jobOf(["one", guilty]));
    await log.until("Cannot keep worker 1: boom; another one is started");
    assert.deepEqual(recordsOf(await pool.process("app", jobOf(["count"]))), { "": ["1"] });
    assert.deepEqual(log.of("error"), []);
  }
});

Deno.test("WorkerPool rejects with the error of a plan that cannot be built", async () => {
  const bad = poolOf({ plans: [planOf("app"), planOf("bad")] });
  await assert.rejects(bad.start(), (error) => {
    assert.ok(error instanceof KeyErrors);
    assert.deepEqual(error.errors.map(({ key, message }) => [key, message]), [
      ["parsers[0].pattern", "is no pattern"],
    ]);
    return true;
  });
  await assert.rejects(poolOf({ plans: [planOf("worse")] }).start(), {
    message: 'Cannot build the processor of input "worse": went wrong',
  });
});

Deno.test("WorkerPool tries again and again to start a worker, while jobs wait", async () => {
  const log = new KeptLog();
  await using pool = await startedPool({ size: 1, log, files: new Map([["starts", new Uint8Array(1)]]) });
  const guilty = pool.process("app", jobOf(["one", "throw:x"]));
  const waiting = pool.process("app", jobOf(["two"]));
  assert.deepEqual(recordsOf(await guilty), { "": ["ONE"] });
  assert.deepEqual(recordsOf(await waiting), { "": ["TWO"] });
  const reason = 'Cannot build the processor of input "app": not yet';
  assert.deepEqual(log.of("error").slice(0, 2), [
    `Cannot start worker 1: ${reason}; next try in 100ms`,
    `Cannot start worker 1: ${reason}; next try in 200ms`,
  ]);
});

Deno.test("WorkerPool rejects when its entry point does not exist", async () => {
  await assert.rejects(poolOf({ entry: new URL("./missing_worker.ts", import.meta.url) }).start());
});

Deno.test("WorkerPool rejects what is not answered when it is disposed", async () => {
  const pool = await startedPool({ size: 1 });
  const answers = Array.from({ length: 5 }, () => pool.process("app", jobOf(["x"])));
  await pool.dispose();
  for (const answer of await Promise.allSettled(answers)) {
    assert.equal(answer.status, "rejected");
    assert.match(String(answer.reason), /input "app": the worker pool was disposed/);
  }
  await assert.rejects(pool.process("app", jobOf(["x"])), /disposed/);
  assert.equal(await pool.waitForRoom(), false);
});

Deno.test("WorkerPool wakes who waits for room when it is disposed", async () => {
  const pool = await startedPool({ size: 1, queueSize: 1, jobTimeout: 200 });
  const answers = Array.from({ length: 4 }, () => pool.process("app", jobOf(["hang"])));
  const waiting = pool.waitForRoom();
  await pool.dispose();
  assert.equal(await waiting, false);
  await Promise.allSettled(answers);
});

Deno.test("WorkerPool can be disposed while a job is retried and while a worker starts", async () => {
  const log = new KeptLog();
  const pool = await startedPool({ size: 2, jobTimeout: 200, log });
  const answers = Array.from({ length: 5 }, () => pool.process("app", jobOf(["hang"])));
  await log.until("tried one by one");
  await pool.dispose();
  for (const { status } of await Promise.allSettled(answers)) assert.equal(status, "rejected");
  const starting = poolOf();
  const start = starting.start();
  await starting.dispose();
  await assert.rejects(start);
});

Deno.test("WorkerPool lets no more jobs wait than its queue holds", async () => {
  await using pool = await startedPool({ size: 1, queueSize: 3 });
  let most = 0;
  const answers: Promise<Processed>[] = [];
  const feed = async () => {
    for (let i = 0; i < 40; i++) {
      assert.equal(await pool.waitForRoom(), true);
      answers.push(pool.process("app", jobOf(["x"])));
      most = Math.max(most, pool.waiting);
    }
  };
  await Promise.all([feed(), feed()]);
  assert.equal((await Promise.all(answers)).length, 80);
  assert.ok(most > 0 && most <= 3 + 1, `${most} waited`);
});

Deno.test("WorkerPool answers as the processor itself would, whatever the jobs are", async () => {
  const direct = await buildTestProcessor(planOf("app"), new Map());
  await using pool = await startedPool({ size: 2 });
  const record = fc.oneof(
    { weight: 5, arbitrary: fc.string({ maxLength: 40 }).filter((text) => !/^\w+/.test(text)) },
    fc.constantFrom("drop", "dead", "warn:w", "to:p:x", "to:q:y"),
  );
  const origin = fc.option(fc.record({ id: fc.string(), offset: fc.nat() }), { nil: undefined });
  const job = fc.record({
    records: fc.oneof(
      fc.array(record, { maxLength: 30 }),
      fc.constant(Array(1000).fill("some line of a log")),
    ),
    stream: fc.constantFrom("/a", "/b", "/c"),
    origin,
    pinned: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 60 }), async (cases) => {
      const answers = await Promise.all(cases.map(async ({ records, stream, origin, pinned }) => {
        const job = jobOf(records, {
          source: sourceOf(stream),
          ...(origin === undefined ? {} : { origin }),
        });
        return [await pool.process("app", job, { pinned }), direct.process(job)] as const;
      }));
      for (const [worker, own] of answers) assert.deepEqual(worker, own);
    }),
    { numRuns: 60 },
  );
});

Deno.test("WorkerPool answers everything while workers die at random", async () => {
  await using pool = await startedPool({ size: 2 });
  const record = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom("one", "two", "drop", "to:p:x", "dead") },
    fc.constantFrom("throw:died"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(record, { maxLength: 6 }), { maxLength: 12 }), async (jobs) => {
      await Promise.all(jobs.map(async (records, index) => {
        const answer = await pool.process("app", jobOf(records), { pinned: index % 3 === 0 });
        const expected = records.flatMap((record) =>
          record === "one" || record === "two" ? [record.toUpperCase()] : []
        );
        assert.deepEqual(recordsOf(answer)[""] ?? [], expected);
        assert.deepEqual(
          answer.deadLetters.map(({ index }) => index),
          records.flatMap((record, index) => record === "dead" || record === "throw:died" ? [index] : []),
        );
      }));
    }),
    { numRuns: 5 },
  );
});
