import { WalBuffer } from "../../../src/buffers/wal/wal_buffer.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { batchOf } from "../../contracts/batches.ts";

// Writes numbered records to the log in the directory given, and prints the numbers that were acknowledged, until it
// is killed. Every third batch is read and released, and what was released is printed too.
const [directory = "", start = "0", interval = "0"] = Deno.args;
const log = new WalBuffer({
  directory,
  segmentBytes: 64 * 1024,
  maxSegments: 1000,
  syncInterval: Number(interval),
  compression: "none",
  compaction: "size",
  cursorInterval: 5,
  log: silentLog,
});
await log.open();
// At once: what is released is told before it is, and what is acknowledged only after it was.
const say = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
say("open");
const iterator = log.read(new AbortController().signal)[Symbol.asyncIterator]();
for (let next = Number(start);; next += 10) {
  const numbers = Array.from({ length: 10 }, (_, index) => next + index);
  await log.waitForRoom(10, 1000);
  void log.write(batchOf(numbers.map((number) => `${number} ${"x".repeat(number % 500)}`))).then(
    (outcome) => {
      if (outcome === "delivered") say(`acknowledged ${numbers[0]}`);
    },
  );
  if (next % 30 === 0) {
    const { value } = await iterator.next();
    const first = new TextDecoder().decode(value.batch.bytes.subarray(0, 20)).split(" ")[0];
    say(`released ${first}`);
    value.release("delivered");
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}
