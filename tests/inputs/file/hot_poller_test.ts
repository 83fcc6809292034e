import assert from "node:assert/strict";
import * as fs from "node:fs";
import { HotPoller } from "../../../src/inputs/file/hot_poller.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { Bench, until } from "./support.ts";

Deno.test("HotPoller looks at a file until it is quiet, and notices that another stands under its name", async () => {
  using bench = new Bench();
  const path = bench.write("a.log", "one\n");
  const file = bench.registry().add(path, openContents(path), { start: START }, bench.time);
  let [due, moved, quiet] = [0, 0, 0];
  const poller = new HotPoller({
    now: () => bench.time,
    onDue: () => due++,
    onMoved: () => moved++,
    onQuiet: () => quiet++,
  });
  poller.add(file, 10);
  await until("some rounds", () => due > 10);
  assert.equal(moved, 0);
  fs.renameSync(path, `${path}.1`);
  await until("the move", () => moved > 0);
  assert.equal(quiet, 0);
  bench.time += 500;
  file.lastData = bench.time;
  bench.time += 900;
  const before = due;
  await until("more rounds", () => due > before + 2);
  assert.equal(poller.has(file), true, "data came less than a second ago");
  bench.time += 200;
  await until("the quiet", () => quiet === 1);
  assert.equal(poller.has(file), false);
  poller.close();
  poller.add(file);
  assert.equal(poller.has(file), false);
  file.close();
});

Deno.test("HotPoller lets go of a closed file without a word", async () => {
  using bench = new Bench();
  const path = bench.write("a.log", "one\n");
  const file = bench.registry().add(path, openContents(path), { start: START }, bench.time);
  const poller = new HotPoller({
    now: () => bench.time,
    onDue() {},
    onMoved() {},
    onQuiet: () => assert.fail("it is closed"),
  });
  poller.add(file);
  file.close();
  await until("the end of polling", () => !poller.has(file));
  poller.close();
});
