// The least that a program on this runtime does to send the lines of files to a server: read, split, encode, send in
// batches, so many at once. Arguments: settings as JSON, then the files. Tells the number of lines on stderr.
import * as fs from "node:fs";
import { openProducer, type Settings } from "./producers.ts";

const [json = "", ...paths] = Deno.args;
const settings: Settings = JSON.parse(json);
const { events, bytes, concurrency } = settings.batch;
const producer = await openProducer(settings);
const buffer = new Uint8Array(256 * 1024);
const decoder = new TextDecoder();
const underWay = new Set<Promise<void>>();
let lines = 0;
let records: string[] = [];
let size = 0;

async function flush(): Promise<void> {
  if (records.length === 0) return;
  while (underWay.size >= concurrency) await Promise.race(underWay);
  const sending: Promise<void> = producer.send(records).finally(() => underWay.delete(sending));
  underWay.add(sending);
  records = [];
  size = 0;
}

for (const source of paths) {
  const fd = fs.openSync(source, "r");
  for (let offset = 0;;) {
    const count = fs.readSync(fd, buffer, 0, buffer.length, offset);
    const end = buffer.lastIndexOf(0x0a, count - 1) + 1;
    if (count === 0 || end === 0) break;
    const date = new Date();
    const now = { ms: date.getTime(), text: date.toISOString() };
    for (const message of decoder.decode(buffer.subarray(0, end - 1)).split("\n")) {
      const record = producer.encode(message, source, now);
      if (records.length === events || (size + record.length > bytes && records.length > 0)) await flush();
      records.push(record);
      size += record.length;
      lines++;
    }
    offset += end;
  }
  fs.closeSync(fd);
}
await flush();
await Promise.all(underWay);
await producer.close?.();
console.error(lines);
