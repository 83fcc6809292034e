import assert from "node:assert/strict";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { putBehind } from "../../../src/inputs/file/reading_order.ts";
import { Bench } from "./support.ts";

Deno.test("putBehind turns round who waits for whom, but never so that files wait in a circle", () => {
  using bench = new Bench();
  const registry = bench.registry();
  const [first, second, third] = ["a.log.1", "b.log.1", "c.log.1"].map((name) =>
    registry.add(bench.path(name), openContents(bench.write(name, "x\n")), {}, bench.time)
  );
  second!.waitFor(first!);
  putBehind(first!, second!);
  assert.deepEqual([[...first!.after], [...second!.after]], [[second], []]);
  third!.waitFor(first!);
  putBehind(second!, third!);
  assert.deepEqual([...second!.after], [], "it would wait for itself by way of the first");
  assert.deepEqual([[...third!.after], [...first!.after]], [[first], [second]]);
  for (const file of [first!, second!, third!]) registry.drop(file);
});
