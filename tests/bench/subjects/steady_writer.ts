// Writes stamped lines at a steady rate, a small write each millisecond.
// Arguments: file, lines per second, number of lines.
import * as fs from "node:fs";
import { makeStampedLine, stampLines } from "../stamped_lines.ts";

const [path = "", rate, lines] = Deno.args;
const linesPerMs = Number(rate) / 1000;
const total = Number(lines);
const line = makeStampedLine();
const fd = fs.openSync(path, "a");
const clock = new Int32Array(new SharedArrayBuffer(4));
const begin = performance.now();
let done = 0;

while (done < total) {
  Atomics.wait(clock, 0, 0, 1);
  const elapsed = performance.now() - begin;
  // After a pause of the machine it catches up in small writes, as a logging program would.
  const late = Math.min(Math.floor(elapsed * linesPerMs), total) - done;
  const due = Math.min(late, Math.ceil(linesPerMs * 4));
  if (due <= 0) continue;
  const bytes = stampLines(line, due);
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at);
  done += due;
}
