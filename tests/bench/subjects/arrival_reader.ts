// Measures how old stamped lines are when they arrive, on stdin or at the end of a growing file.
// Arguments: milliseconds at the beginning that do not count, number of lines that will come, file (none:
// stdin). Tells the figures on stdout as JSON.
import * as fs from "node:fs";
import { Ages, STAMPED_LINE_BYTES } from "../stamped_lines.ts";

const [skip, enough, path] = Deno.args;
const ages = new Ages(Number(skip));
const buffer = new Uint8Array(1024 * 1024);
const fd = path === undefined ? 0 : fs.openSync(path, "r");
const limit = Number(enough);
const clock = new Int32Array(new SharedArrayBuffer(4));
let held = 0;
let quiet = 0;

while (ages.lines < limit) {
  const count = fs.readSync(fd, buffer, held, buffer.length - held, null);
  if (count === 0) {
    // 20 s without a line: they will not come.
    if (path === undefined || ++quiet > 40_000) break;
    Atomics.wait(clock, 0, 0, 0.5);
    continue;
  }
  quiet = 0;
  held = ages.add(buffer, held + count);
}
console.log(JSON.stringify({ ...ages.figures(), stray: held % STAMPED_LINE_BYTES }));
