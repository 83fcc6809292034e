import assert from "node:assert/strict";
import { compactLogs, dumpLogs, inspectLogs, repairLogs, verifyLogs } from "../../src/cli/wal.ts";
import { UsageError } from "../../src/cli/command.ts";
import { batchOf } from "../contracts/batches.ts";
import { openLog, segmentFiles, take, texts, withDirectory } from "../buffers/wal/support.ts";

/** Remembers what a command printed. */
function printer() {
  const lines: string[] = [];
  const complaints: string[] = [];
  let bytes = "";
  return {
    lines,
    complaints,
    print: (line: string) => void lines.push(line),
    complain: (line: string) => void complaints.push(line),
    write(part: Uint8Array) {
      bytes += new TextDecoder().decode(part);
      return true;
    },
    get text() {
      return bytes;
    },
  };
}

/** Ten batches of two records each, of which the first four are delivered. */
async function fill(directory: string, options = {}): Promise<void> {
  const log = await openLog(directory, { segmentBytes: 700, now: () => 1_000_000, ...options });
  for (let index = 0; index < 10; index++) {
    const batch = batchOf([`{"n":${2 * index}}\n`, `{"n":${2 * index + 1}}`]);
    const ids = {
      origins: [{ id: "file.0", end: 2 }],
      offsets: new Float64Array([2 * index, 2 * index + 1]),
    };
    await log.write({ ...batch, ids });
  }
  for (const buffered of (await take(log, 10)).slice(0, 4)) buffered.release("delivered");
  await log[Symbol.asyncDispose]();
}

/** Changes a byte in the middle of a segment. */
function damage(directory: string, segment: number, at: number): string {
  const name = segmentFiles(directory)[segment] ?? "";
  const path = `${directory}/${name}`;
  const bytes = Deno.readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  Deno.writeFileSync(path, bytes);
  return name;
}

Deno.test("inspectLogs prints segments, what is to be delivered, and the cursor", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, { compaction: "manual" });
    const out = printer();
    const options = { directories: [directory, directory], now: () => 1_090_000 };
    assert.equal(await inspectLogs({ ...options, json: false }, out), 0);
    assert.equal(out.lines[0], directory);
    assert.match(out.lines[1] ?? "", /^SEGMENT +FIRST RECORD +RECORDS +TO DELIVER +SIZE +LAST WRITE$/);
    assert.match(out.lines[2] ?? "", /^0{15}1-[0-9a-f]{8}\.wal +1 +\d+ +0 +\S+ +1970-01-01T00:16:40Z$/);
    assert.match(
      out.lines.at(-3) ?? "",
      /^\d segments, \S+KiB; 12 records \(\d+B\) to deliver, in a segment begun 1m30s ago$/,
    );
    assert.equal(out.lines.at(-2), "Cursor: delivered before record 9, saved 1m30s ago");
    assert.equal(out.lines.at(-1), "Next: record 21");
    const json = printer();
    assert.equal(await inspectLogs({ ...options, json: true }, json), 0);
    const [parsed] = JSON.parse(json.lines[0] ?? "");
    assert.equal(parsed.next_record, 21);
    assert.deepEqual(parsed.cursor, { batch: 5, record: 9, saved_at: "1970-01-01T00:16:40.000Z" });
    const records = parsed.segments.reduce(
      (sum: number, segment: { records: number }) => sum + segment.records,
      0,
    );
    assert.equal(records, 20);
  });
});

Deno.test("verifyLogs lists every damage and answers 1, and 0 for a sound log beside a running agent", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, { compaction: "manual", segmentBytes: 450 });
    const sound = printer();
    assert.equal(await verifyLogs({ directories: [directory] }, sound), 0);
    assert.match(sound.lines[0] ?? "", /: \d segments, 20 records, no damage$/);
    const running = await openLog(directory, { compaction: "manual" });
    assert.equal(await verifyLogs({ directories: [directory] }, printer()), 0);
    await running[Symbol.asyncDispose]();
    const names = [damage(directory, 0, 150), damage(directory, 2, 150), damage(directory, 2, 66)];
    const out = printer();
    assert.equal(await verifyLogs({ directories: [directory] }, out), 1);
    assert.equal(out.lines.length, 3, out.lines.join("\n"));
    for (const name of names) assert.ok(out.lines.some((line) => line.includes(name)), name);
    assert.match(out.lines.at(-1) ?? "", /, 2 damages, \d records lost$/);
    const tail = segmentFiles(directory).at(-1) ?? "";
    Deno.truncateSync(`${directory}/${tail}`, Deno.statSync(`${directory}/${tail}`).size - 3);
    const torn = printer();
    assert.equal(await verifyLogs({ directories: [directory] }, torn), 1);
    assert.match(torn.lines.join("\n"), /Cannot read the last \d+ bytes of/);
  });
});

Deno.test("repairLogs writes anew what can be read, keeps the files as they were, and leaves a sound log", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, { segmentBytes: 450 });
    const clean = printer();
    assert.equal(await repairLogs({ directories: [directory] }, clean), 0);
    assert.deepEqual(clean.lines, [`"${directory}": nothing to repair`]);
    const log = await openLog(directory, { compaction: "manual" });
    const inUse = printer();
    assert.equal(await repairLogs({ directories: [directory] }, inUse), 1);
    assert.match(
      inUse.complaints[0] ?? "",
      /^Cannot repair the write-ahead log ".*": .*is using it; stop that one first/,
    );
    const expected = await texts(log);
    await log[Symbol.asyncDispose]();
    const before = segmentFiles(directory);
    assert.ok(before.length >= 3);
    damage(directory, 0, 66);
    damage(directory, 1, 150);
    const tail = segmentFiles(directory).at(-1) ?? "";
    Deno.truncateSync(`${directory}/${tail}`, Deno.statSync(`${directory}/${tail}`).size - 3);
    const out = printer();
    assert.equal(await repairLogs({ directories: [directory], now: () => 0 }, out), 0);
    assert.match(
      out.lines.at(-1) ?? "",
      /wrote \d+ records anew, .*; before: ".*\/before-repair-19700101T000000000Z"$/,
    );
    assert.deepEqual(segmentFiles(`${directory}/before-repair-19700101T000000000Z`), before);
    assert.equal(await verifyLogs({ directories: [directory] }, printer()), 0);
    const again = await openLog(directory);
    const found = await texts(again);
    assert.equal(found.length, expected.length - 6);
    assert.ok(found.every((text) => expected.includes(text)));
    assert.equal(again.counters.lostRecords, 0, "what is lost was told by the repair");
    await again[Symbol.asyncDispose]();
  });
});

Deno.test("dumpLogs writes what is to be delivered, or all from a record on, with ids", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, { compaction: "manual" });
    const out = printer();
    assert.equal(await dumpLogs({ directories: [directory], ids: false }, out), 0);
    assert.equal(out.text, Array.from({ length: 12 }, (_, index) => `{"n":${index + 8}}\n`).join(""));
    const all = printer();
    assert.equal(await dumpLogs({ directories: [directory], ids: true, from: "2" }, all), 0);
    const numbers = Array.from({ length: 19 }, (_, index) => index + 1);
    assert.equal(all.text, numbers.map((n) => `file.0.${n.toString(36)}\t{"n":${n}}\n`).join(""));
    await assert.rejects(
      async () => await dumpLogs({ directories: [directory], ids: false, from: "x" }, out),
      UsageError,
    );
    damage(directory, 2, 150);
    const damaged = printer();
    assert.equal(await dumpLogs({ directories: [directory], ids: false }, damaged), 1);
    assert.match(damaged.complaints[0] ?? "", /^Cannot read /);
  });
});

Deno.test("compactLogs deletes what is delivered, and nothing else", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, { compaction: "manual", cursorInterval: 1 });
    const log = await openLog(directory, { compaction: "manual" });
    const expected = await texts(log);
    await log[Symbol.asyncDispose]();
    const before = segmentFiles(directory).length;
    const out = printer();
    assert.equal(await compactLogs({ directories: [directory] }, out), 0);
    assert.match(out.lines[0] ?? "", /deleted 1 delivered segment$/);
    assert.equal(segmentFiles(directory).length, before - 1);
    const again = await openLog(directory);
    assert.deepEqual(await texts(again), expected);
    assert.equal(again.counters.lostRecords, 0);
    await again[Symbol.asyncDispose]();
  });
});

Deno.test("The commands say of a directory that is not there that it is not", async () => {
  const out = printer();
  assert.equal(await inspectLogs({ directories: ["/nowhere/at/all"], json: false }, out), 1);
  assert.deepEqual(out.complaints, [
    'Cannot read the write-ahead log "/nowhere/at/all": no such file or directory',
  ]);
});

Deno.test("The commands touch no directory that is no log, and name those in it", async () => {
  await withDirectory(async (directory) => {
    await fill(`${directory}/es`);
    Deno.mkdirSync(`${directory}/other`);
    const out = printer();
    assert.equal(await verifyLogs({ directories: [directory] }, out), 1);
    assert.equal(await repairLogs({ directories: [`${directory}/other`] }, out), 1);
    assert.deepEqual(out.complaints, [
      `Cannot read the write-ahead log "${directory}": it is none; those in it are "${directory}/es"`,
      `Cannot repair the write-ahead log "${directory}/other": it is none`,
    ]);
    assert.deepEqual([...Deno.readDirSync(`${directory}/other`)], []);
  });
});
