import assert from "node:assert/strict";
import { LossNotices } from "../../src/delivery/loss_notices.ts";

function setUp() {
  const clock = { now: 0 };
  const notices = new LossNotices(() => clock.now);
  const said: [string, number][] = [];
  const add = (owner: string, reason: string, records = 1) =>
    notices.add(owner, reason, records, (count) => said.push([`${owner}: ${reason}`, count]));
  return { clock, notices, said, add };
}

Deno.test("LossNotices counts every record, and says each kind once a minute", () => {
  const { clock, notices, said, add } = setUp();
  add("out", "no", 2);
  add("out", "no", 3);
  add("out", "bad");
  clock.now = 59_999;
  notices.expire(clock.now);
  assert.deepEqual(said, [["out: no", 2], ["out: bad", 1]]);
  clock.now = 60_000;
  notices.expire(clock.now);
  assert.deepEqual(said.slice(2), [["out: no", 3]]);
  add("out", "no");
  assert.equal(said.length, 3, "a minute after it was said last");
  notices[Symbol.dispose]();
  assert.deepEqual(said.slice(3), [["out: no", 1]]);
});

Deno.test("LossNotices holds a bounded number of kinds, and loses none of the records", () => {
  const { notices, said, add } = setUp();
  for (let i = 0; i < 1000; i++) add("out", `reason ${String.fromCharCode(0x4e00 + i)}`);
  assert.ok(said.length <= 101);
  notices[Symbol.dispose]();
  assert.equal(said.reduce((sum, [, count]) => sum + count, 0), 1000);
});
