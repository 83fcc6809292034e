import assert from "node:assert/strict";
import { WaitNotices } from "../../src/delivery/wait_notices.ts";
import { RecordingLog } from "../contracts/batches.ts";
import { until } from "../support/wait.ts";

const OUTPUT = { name: "out" };

Deno.test("WaitNotices says nothing where there is room at once", async () => {
  const log = new RecordingLog();
  const notices = new WaitNotices(log, 0);
  assert.equal(await notices.wait(() => [OUTPUT], Promise.resolve(true)), true);
  assert.equal(await notices.wait(() => [OUTPUT], Promise.resolve(false)), false);
  assert.deepEqual(log.lines, []);
});

Deno.test("WaitNotices says once that there is no room, and once that there is again", async () => {
  const log = new RecordingLog();
  const notices = new WaitNotices(log, 0);
  const rooms = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
  const waits = rooms.map(({ promise }) => notices.wait(() => [OUTPUT], promise));
  await until("a notice", () => log.of("warn").length > 0);
  const third = notices.wait(() => [OUTPUT], Promise.resolve(true));
  assert.equal(await third, true);
  for (const { resolve } of rooms) resolve(true);
  assert.deepEqual(await Promise.all(waits), [true, true]);
  assert.equal(log.of("warn").length, 1);
  assert.equal(log.of("info").length, 1);
  assert.match(log.at("info", 0), /^Output "out" has room again after /);
});

Deno.test("WaitNotices says it anew of an output that was replaced", async () => {
  const log = new RecordingLog();
  const notices = new WaitNotices(log, 0);
  for (const output of [OUTPUT, { ...OUTPUT }]) {
    const room = Promise.withResolvers<boolean>();
    const wait = notices.wait(() => [output], room.promise);
    const before = log.of("warn").length;
    await until("a notice", () => log.of("warn").length > before);
    room.resolve(false);
    assert.equal(await wait, false);
    notices.forget(output);
  }
  assert.equal(log.of("warn").length, 2);
  assert.deepEqual(log.of("info"), [], "a wait in vain ends without room");
});
