import assert from "node:assert/strict";
import type { CheckpointParticipant, JsonObject } from "../../src/checkpoints/checkpoint_store.ts";
import { LoggedState, periodOf } from "../../src/delivery/logged_state.ts";

/** An output's own participant, which tells what it was given. */
class Own implements CheckpointParticipant {
  readonly key = "file:out";
  commit?: (() => Promise<void>) | undefined;
  restored: [JsonObject | undefined, boolean] | undefined;
  state: JsonObject = { length: 1 };

  snapshot() {
    return { state: this.state, sync: () => Promise.resolve() };
  }
  restore(...given: [JsonObject | undefined, boolean]): void {
    this.restored = given;
  }
}

/** What an output is given that has this in the store and in the log. */
function restored(
  inStore: JsonObject | undefined,
  inLog: JsonObject | undefined,
  { replayable = true, isIntact = true } = {},
): [JsonObject | undefined, boolean] | undefined {
  const own = new Own();
  const logged = new LoggedState(own);
  logged.marker.restore(inStore, replayable);
  logged.restore(inLog, isIntact);
  return own.restored;
}

Deno.test("LoggedState gives an output what its log has, if that is what the store names", () => {
  const inLog = { length: 5, log: "p" };
  assert.deepEqual(restored({ log: "p" }, inLog, { replayable: false }), [inLog, true]);
  assert.deepEqual(restored({ log: "p" }, inLog, { isIntact: false }), [inLog, false]);
  for (const inStore of [undefined, { log: "q" }]) {
    assert.deepEqual(restored(inStore, inLog), [undefined, false]);
  }
  for (const old of [undefined, { length: 5 }, { length: 5, log: "" }]) {
    assert.deepEqual(restored({ log: "p" }, old), [undefined, false]);
    assert.deepEqual(restored(undefined, old), [undefined, false]);
  }
});

Deno.test("LoggedState gives an output what it had without a log, if that is newer", () => {
  for (const inStore of [{ length: 7 }, { length: 7, log: "" }]) {
    const expected = { length: 7, log: "" };
    assert.deepEqual(restored(inStore, { length: 5, log: "p" }), [expected, true]);
    assert.deepEqual(restored(inStore, undefined, { replayable: false }), [expected, false]);
    assert.deepEqual(restored(inStore, undefined, { isIntact: false }), [expected, false]);
  }
});

Deno.test("LoggedState has the store name the log once that has the state, and not before", async () => {
  const own = new Own();
  const logged = new LoggedState(own);
  logged.marker.restore({ length: 7 }, true);
  logged.restore(undefined, true);
  const said = () => logged.marker.snapshot().state;
  assert.deepEqual(said(), { length: 7, log: "" });
  await assert.rejects(logged.takeOver(), /its log is closed/);
  logged.commit = () => Promise.reject(new Error("no space"));
  await assert.rejects(logged.takeOver(), /no space/);
  assert.deepEqual(said(), { length: 7, log: "" });
  const saved: JsonObject[] = [];
  logged.commit = () => Promise.resolve(void saved.push(logged.snapshot().state));
  await logged.takeOver();
  const period = periodOf(said());
  assert.ok(period !== undefined);
  assert.deepEqual(saved, [{ length: 1, log: period }]);
  await logged.takeOver();
  assert.equal(saved.length, 1);
  // A reload that failed: the log is opened again.
  logged.restore({ length: 9, log: period }, true);
  assert.deepEqual(own.restored, [{ length: 9, log: period }, true]);
});

Deno.test("LoggedState goes on in its period, and begins another one where it cannot", async () => {
  const periodAfter = async (inStore: JsonObject | undefined) => {
    const logged = new LoggedState(new Own());
    logged.marker.restore(inStore, true);
    logged.restore({ length: 5, log: "p" }, true);
    assert.deepEqual(logged.marker.snapshot().state, inStore);
    logged.commit = () => Promise.resolve();
    await logged.takeOver();
    return periodOf(logged.marker.snapshot().state);
  };
  assert.equal(await periodAfter({ log: "p" }), "p");
  const others = [await periodAfter({ log: "q" }), await periodAfter(undefined)];
  assert.equal(new Set(["p", "q", ...others]).size, 4);
});
