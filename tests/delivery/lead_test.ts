import assert from "node:assert/strict";
import type { CheckpointParticipant, JsonObject } from "../../src/checkpoints/checkpoint_store.ts";
import { Lead } from "../../src/delivery/lead.ts";

/** An output's own participant. */
class Own implements CheckpointParticipant {
  readonly key = "file:out";
  commit?: (() => Promise<void>) | undefined;
  synced = 0;
  restored: [JsonObject | undefined, boolean] | undefined;

  snapshot() {
    return { state: { files: {} }, sync: () => Promise.resolve(void this.synced++) };
  }
  restore(...given: [JsonObject | undefined, boolean]): void {
    this.restored = given;
  }
}

Deno.test("Lead is saved with the state of its output", async () => {
  const own = new Own();
  const lead = new Lead("out", own);
  assert.equal(lead.key, "file:out");
  assert.deepEqual(lead.snapshot().state, { files: {} });
  lead.add("a.0", 10, 20);
  const { state, sync } = lead.snapshot();
  assert.deepEqual(state, { files: {}, lead: { "a.0": [10, 20] } });
  await sync();
  assert.equal(own.synced, 1);
  const next = new Lead("out", new Own());
  next.restore(state, true);
  assert.deepEqual(next.of("a.0"), [{ from: 10, until: 20 }]);
  next.drop("a.0", 20);
  assert.deepEqual(next.snapshot().state, { files: {} });
});

Deno.test("Lead passes on to its output what was saved, and how to commit", () => {
  const own = new Own();
  const lead = new Lead("out", own);
  lead.restore({ files: { f: 1 } }, true);
  assert.deepEqual(own.restored, [{ files: { f: 1 } }, true]);
  assert.ok(lead.isEmpty);
  const commit = () => Promise.resolve();
  lead.commit = commit;
  assert.equal(own.commit, commit);
  lead.commit = undefined;
  assert.equal(own.commit, undefined);
});

Deno.test("Lead of an output without a state of its own has something to save only while it is ahead", () => {
  const lead = new Lead("out");
  assert.equal(lead.key, "output:out");
  assert.equal(lead.snapshot().state, undefined);
  lead.add("a.0", 0, 5);
  assert.deepEqual(lead.snapshot().state, { lead: { "a.0": [0, 5] } });
  lead.drop("a.0", 5);
  assert.equal(lead.snapshot().state, undefined);
});
