import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { peakMemory } from "../support/machine.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import { HeldLog } from "../support/rotator.ts";
import { pause } from "../support/wait.ts";

scenario("agent cuts lines that are too long, marks and counts them, and reads on", async (space) => {
  space.configure({ files: { max_line_bytes: "1KiB" } });
  const writer = new LineWriter("w", { maximum: 500 });
  const long = (letter: string, length: number) => Buffer.from(letter.repeat(length) + "\n");
  writer.append(space.log(), 10);
  appendBytes(space.log(), long("A", 5000));
  writer.append(space.log(), 10);
  appendBytes(space.log(), long("B", 200_000));
  appendBytes(space.log(), long("C", 1025));
  appendBytes(space.log(), long("D", 1024));
  writer.append(space.log(), 10);
  const agent = space.start();
  const lines = () => agent.stdout.text().split("\n").slice(0, -1);
  await agent.until("34 lines", () => agent.stdout.lines >= 34);
  await agent.terminate();
  const cut = lines().filter((line) => /^([A-D])\1/.test(line));
  assert.deepEqual(cut.map((line) => line.slice(0, 1)), ["A", "B", "C", "D"]);
  for (const line of cut.slice(0, 3)) {
    assert.match(line, /^(.)\1{999,1023} \[truncated\]$/);
  }
  assert.equal(cut[3], "D".repeat(1024), "a line of just the limit is whole");
  const rest = lines().filter((line) => !cut.includes(line)).map((line) => `${line}\n`);
  assertDelivered(Buffer.concat(rest.map((line) => findBytes(agent.stdout.bytes(), line))), [writer]);
  await agent.untilLog(/cut|truncated|longer/i);
});

scenario("agent survives a line of 20 MiB in bounded memory", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  for (let i = 0; i < 20; i++) appendBytes(space.log(), new Uint8Array(1 << 20).fill(0x58));
  appendBytes(space.log(), Buffer.from("\n"));
  writer.append(space.log(), 10);
  const agent = space.start();
  await agent.until("21 lines", () => agent.stdout.lines >= 21);
  if (Deno.build.os === "linux") {
    const peak = peakMemory(agent.pid) / (1 << 20);
    assert.ok(peak < 200, `the agent used ${peak} MiB`);
  }
  await agent.terminate();
  const bytes = Buffer.from(agent.stdout.bytes());
  const start = bytes.indexOf("XXXX"), end = bytes.indexOf("\n", start) + 1;
  const line = bytes.subarray(start, end).toString();
  assert.ok(
    line.endsWith("X [truncated]\n") && line.length <= (1 << 20) + 14,
    `a line of ${line.length} characters`,
  );
  assertDelivered(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]), [writer]);
}, { ways: "watching" });

for (const encoding of ["utf-16le", "utf-16be", "latin1"]) {
  scenario(`agent converts ${encoding} to UTF-8, line ends included`, async (space) => {
    space.configure({ files: { encoding } });
    const text = Array.from(
      { length: 500 },
      (_, i) => `Zeile ${i} äöü ${encoding === "latin1" ? "" : "😀 ਊ 上"} Ende`,
    );
    const expected = text.map((line, index) => `${line}${index % 3 === 0 ? "\r\n" : "\n"}`).join("");
    const bytes = encode(encoding, expected);
    const agent = space.start();
    // In pieces that end within a character, and within a line break.
    using log = new HeldLog(space.log());
    for (let at = 0; at < bytes.length; at += 777) {
      log.writeBytes(bytes.subarray(at, at + 777));
      await pause(2);
    }
    await agent.until("500 lines", () => agent.stdout.lines >= 500);
    await agent.terminate();
    assert.equal(agent.stdout.text(), expected);
    const again = await space.once();
    assert.equal(again.stdout.length, 0);
  });
}

scenario("agent leaves out a UTF-16 byte order mark", async (space) => {
  space.configure({ files: { encoding: "utf-16le" } });
  Deno.writeFileSync(space.log(), encode("utf-16le", "\ufefffirst\r\nsecond\r\n"));
  const agent = await space.once();
  assert.equal(agent.stdout.text(), "first\r\nsecond\r\n");
}, { ways: "watching" });

scenario("agent makes one line of one that is written in pieces", async (space) => {
  const writer = new LineWriter("w", { minimum: 100, maximum: 9000 });
  const agent = space.start();
  using log = new HeldLog(space.log());
  for (let round = 0; round < 40; round++) {
    const bytes = writer.lines(2);
    for (let at = 0; at < bytes.length; at += 1777) {
      log.writeBytes(bytes.subarray(at, at + 1777));
      await pause(round % 4 === 0 ? 8 : 0);
    }
  }
  await space.untilDelivered(agent, [writer]);
  const bytes = writer.lines(1);
  for (let at = 0; at < Math.min(bytes.length - 1, 60); at++) {
    log.writeBytes(bytes.subarray(at, at + 1));
    await pause(1);
  }
  log.writeBytes(bytes.subarray(Math.min(bytes.length - 1, 60)));
  await space.complete(agent, [writer]);
});

scenario("agent lets an unfinished last line wait, also over a restart", async (space) => {
  const writer = new LineWriter("w", { minimum: 50 });
  const last = new LineWriter("last", { minimum: 50 });
  writer.append(space.log(), 10);
  const bytes = last.lines(1);
  appendBytes(space.log(), bytes.subarray(0, 20));
  const first = await space.once();
  assertDelivered(first.stdout.bytes(), [writer]);
  appendBytes(space.log(), bytes.subarray(20, 40));
  const second = space.start();
  const marker = new LineWriter("marker");
  marker.append(space.log("other.log"), 1);
  await space.complete(second, [marker]);
  appendBytes(space.log(), bytes.subarray(40));
  const third = await space.once();
  assertDelivered(third.stdout.bytes(), [last]);
});

scenario(
  "agent delivers an unfinished last line after a time of quiet where it is told to",
  async (space) => {
    space.configure({ files: { partial_line_timeout: "300ms" } });
    appendBytes(space.log(), Buffer.from("first\nsecond without end"));
    const agent = space.start();
    await agent.until("the first line", () => agent.stdout.text().startsWith("first\n"));
    await agent.until("the unfinished line", () => agent.stdout.text().includes("second without end"));
    appendBytes(space.log(), Buffer.from(" goes on\nthird\n"));
    await agent.until("the third line", () => agent.stdout.text().endsWith("third\n"));
    await agent.terminate();
    assert.match(agent.stdout.text(), /^first\nsecond without end\n? goes on\nthird\n$/);
  },
);

/** The bytes of a line that was found in the decoded text: invalid UTF-8 cannot be encoded again. */
function findBytes(all: Uint8Array, line: string): Uint8Array {
  const head = Buffer.from(line.split(" ").slice(0, 3).join(" "));
  const buffer = Buffer.from(all);
  const start = buffer.indexOf(head);
  return buffer.subarray(start, buffer.indexOf(0x0a, start) + 1);
}

function encode(encoding: string, text: string): Uint8Array {
  if (encoding === "latin1") return Buffer.from(text, "latin1");
  const bytes = Buffer.from(text, "utf16le");
  return encoding === "utf-16be" ? bytes.swap16() : bytes;
}
