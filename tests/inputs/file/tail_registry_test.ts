import assert from "node:assert/strict";
import { START } from "../../../src/inputs/file/reader.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import type { TailRegistry } from "../../../src/inputs/file/tail_registry.ts";
import { Bench } from "./support.ts";

function add(bench: Bench, registry: TailRegistry, name: string) {
  const opened = openContents(bench.write(name, `${name}\n`));
  assert.equal(registry.claim(opened), true);
  return registry.add(bench.path(name), opened, { start: START }, bench.time);
}

Deno.test("TailRegistry.takeAdded answers new files once their lineages are saved, and none while that fails", async () => {
  using bench = new Bench();
  const registry = bench.registry();
  const first = add(bench, registry, "a.log");
  bench.store.full = true;
  assert.deepEqual(await registry.takeAdded(), []);
  assert.equal(first.isReadable, false);
  const second = add(bench, registry, "b.log");
  bench.store.full = false;
  assert.deepEqual(await registry.takeAdded(), [first, second]);
  assert.deepEqual(bench.store.persisted, [first.checkpointKey, second.checkpointKey]);
  assert.equal(first.isReadable, true);
  assert.deepEqual(await registry.takeAdded(), []);
  for (const file of [first, second]) registry.drop(file);
});

Deno.test("TailRegistry.claim leaves a file to the input that reads it, and says so once it is asked", () => {
  using bench = new Bench();
  const [mine, other] = [bench.registry({}, "mine"), bench.registry({}, "other")];
  const file = add(bench, mine, "a.log");
  const again = openContents(bench.path("a.log"));
  assert.equal(other.claim(again), false);
  assert.equal(other.foreign.has(file.key), true);
  assert.equal(bench.log.of("warn").length, 1);
  mine.drop(file);
  assert.equal(other.isForeign(file.key), true, "also while it is closed, since its input may read it again");
  bench.store.set(file.checkpointKey, file.checkpoint(0));
  mine.dropAll();
  assert.equal(bench.claims.size, 0);
  assert.equal(other.isForeign(file.key), false);
  assert.equal(other.leftBehind(file.key)?.lid, file.lid);
  assert.equal(other.leftBehind(file.key), undefined);
  again.contents.close();
});

Deno.test("TailRegistry.retire closes a file and remembers it by its checkpoint", () => {
  using bench = new Bench();
  const registry = bench.registry();
  const file = add(bench, registry, "a.log");
  registry.retire(file);
  assert.equal(file.closed, true);
  assert.equal(registry.open.size, 0);
  assert.equal(registry.closed.get(file.key)?.state, "closed");
  assert.equal(bench.store.get(file.checkpointKey)?.state, "closed");
  assert.equal(registry.places.isTaken(file.key), true);
  assert.equal(registry.knownSince(bench.path("a.log"))?.first, file.since);
  assert.equal(registry.knownSince(bench.path("b.log")), undefined);
});
