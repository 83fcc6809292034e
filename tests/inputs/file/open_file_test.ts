import assert from "node:assert/strict";
import { oldestFirst } from "../../../src/inputs/file/open_file.ts";

Deno.test("oldestFirst puts what was created as another was written last behind it, compressed or not", () => {
  const successor = { mtime: 1000, birth: 1000 };
  const packed = [1000, 1004].map((birth) => ({ mtime: 1000, birth, gzip: true }));
  for (const earlier of [{ mtime: 1000, birth: 200 }, ...packed]) {
    assert.ok(oldestFirst(earlier, successor) < 0);
    assert.ok(oldestFirst(successor, earlier) > 0);
  }
});

Deno.test("oldestFirst goes by the last write, then by the birth", () => {
  assert.ok(oldestFirst({ mtime: 999, birth: 1004 }, { mtime: 1000, birth: 4 }) < 0);
  assert.ok(oldestFirst({ mtime: 1000, birth: 1004 }, { mtime: 1000, birth: 1008 }) < 0);
});
