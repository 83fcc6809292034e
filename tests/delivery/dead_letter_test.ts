import assert from "node:assert/strict";
import { NoDeadLetters } from "../../src/delivery/dead_letter.ts";
import { batchOf, RecordingLog, sourceOf } from "../contracts/batches.ts";

const RAW = { ...batchOf(["a\n"]), source: sourceOf("/log"), receivedAt: 0 };

Deno.test("NoDeadLetters keeps nothing and says what is lost, once for each reason", async () => {
  const log = new RecordingLog();
  const none = new NoDeadLetters(log);
  const letters = ["a", "b", "a"].map((reason, index) => ({ index, reason }));
  assert.equal(await none.keep(RAW, letters), 0);
  assert.deepEqual(log.of("error"), [
    'Cannot process 2 record(s) of "/log": a; discarded, since dead_letter is not enabled',
    'Cannot process 1 record(s) of "/log": b; discarded, since dead_letter is not enabled',
  ]);
  await none[Symbol.asyncDispose]();
});

Deno.test("NoDeadLetters says the same loss once a minute, with how many records it was", async () => {
  const log = new RecordingLog();
  let now = 0;
  const none = new NoDeadLetters(log, () => now);
  const refuse = (output: string, reason: string) =>
    none.keepRefused({ output, batch: batchOf(["a\n"]), attempts: 1, refused: [{ index: 0, reason }] });
  for (let i = 0; i < 1000; i++) await refuse("out", `field "f${i}" of document ${i} is wrong`);
  assert.equal(log.of("error").length, 1);
  await refuse("other", "no");
  assert.equal(log.of("error").length, 2, "another output is another loss");
  now += 60_000;
  await refuse("out", 'field "x" of document 7 is wrong');
  assert.deepEqual(log.of("error").slice(2), [
    'Cannot deliver 999 record(s) to output "out": field "f999" of document 999 is wrong; discarded, since dead_letter is not enabled',
  ]);
  await none[Symbol.asyncDispose]();
  assert.match(
    log.at("error", -1),
    /^Cannot deliver 1 record\(s\) to output "out": field "x"/,
    "the rest at the end",
  );
});
