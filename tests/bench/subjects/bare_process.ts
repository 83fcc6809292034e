// The least that a program on this runtime does to parse lines and to write them as JSON: read, split, parse, write.
// Arguments: json, json_changed or regex, then the files. Tells the number of lines on stderr.
import * as fs from "node:fs";

const APACHE =
  /^(?<client>\S+) (?<ident>\S+) (?<auth>\S+) \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+) (?<protocol>[^"]*)" (?<status>\d+) (?<bytes>\d+|-) "(?<referrer>[^"]*)" "(?<agent>[^"]*)"$/;

const [kind, ...paths] = Deno.args;
const buffer = new Uint8Array(256 * 1024);
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const out = new Uint8Array(4 * 1024 * 1024);
let lines = 0;

function convert(line: string): string {
  if (kind === "regex") return JSON.stringify(APACHE.exec(line)?.groups);
  const fields = JSON.parse(line);
  if (kind === "json_changed") {
    const { trace: _, method, ...rest } = fields;
    return JSON.stringify({ ...rest, verb: method, environment: "production", region: "eu" });
  }
  return JSON.stringify(fields);
}

for (const path of paths) {
  const fd = fs.openSync(path, "r");
  for (let offset = 0;;) {
    const count = fs.readSync(fd, buffer, 0, buffer.length, offset);
    const end = buffer.lastIndexOf(0x0a, count - 1) + 1;
    if (count === 0 || end === 0) break;
    const text = decoder.decode(buffer.subarray(0, end));
    let result = "";
    let start = 0;
    for (let next = text.indexOf("\n"); next !== -1; next = text.indexOf("\n", start)) {
      result += `${convert(text.slice(start, next))}\n`;
      start = next + 1;
      lines++;
    }
    const { written } = encoder.encodeInto(result, out);
    for (let done = 0; done < written;) done += fs.writeSync(1, out, done, written - done);
    offset += end;
  }
  fs.closeSync(fd);
}
console.error(lines);
