import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Framer } from "../../../src/framing/framer.ts";
import { createFramer } from "../../../src/framing/framing.ts";
import { positionAt } from "../../../src/inputs/file/file_positions.ts";
import { type Chunk, Reader, type ReaderOptions, START } from "../../../src/inputs/file/reader.ts";
import { frame, linesOf, multilineOf, recordsOf } from "../../framing/support.ts";
import { bytesOf, MemorySource, readerOptions } from "./support.ts";

const MARK = " [truncated]\n";

interface Found {
  readonly off: number;
  readonly text: string;
}

async function drain(reader: Reader): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (let turn = 0; turn < 10_000; turn++) {
    const look = await reader.look();
    if (look.kind === "lines") chunks.push({ ...look.chunk, bytes: look.chunk.bytes.slice() });
    else if (look.kind === "end") return chunks;
    else assert.notEqual(look.kind, "changed");
  }
  throw new Error("The reader does not come to an end");
}

function foundIn(chunk: Chunk): Found[] {
  return Array.from(chunk.ends, (end, index) => {
    const start = chunk.ends[index - 1] ?? 0;
    return {
      off: chunk.offsets?.[index] ?? chunk.off + start,
      text: Buffer.from(chunk.bytes.subarray(start, end)).toString(),
    };
  });
}

/** The records of a text of ASCII; lines that are cut end theirs. `finish`: nothing follows. */
function expected(text: string, max: number, framer: Framer, finish: boolean): Found[] {
  const found: Found[] = [];
  let run = "";
  let starts: number[] = [];
  let off = 0;
  const end = (isWhole: boolean) => {
    const grouping = framer.begin();
    const { bytes, ends } = linesOf(run);
    grouping.add(bytes, ends);
    if (isWhole) grouping.finish();
    let line = 0;
    for (const record of recordsOf(grouping, run)) {
      line = run.slice(0, record.off).split("\n").length - 1;
      found.push({ off: starts[line]!, text: record.text });
    }
    run = "";
    starts = [];
  };
  for (const line of text.split(/(?<=\n)/)) {
    const length = line.endsWith("\n") ? line.length - 1 : line.length;
    if (length > max || line.endsWith("\n")) {
      starts.push(off);
      run += length > max ? line.slice(0, max) + MARK : line;
      if (length > max) end(true);
    } else if (finish && line !== "") {
      starts.push(off);
      run += `${line}\n`;
    }
    off += line.length;
  }
  end(finish);
  return found;
}

const line = fc.constantFrom(
  "text",
  " more",
  "\tat a.b.C(D.java:1)",
  "java.lang.Error: x",
  "2024-05-01 x",
  "",
  "y".repeat(90),
  `  ${"z".repeat(40)}`,
);
const text = fc.tuple(fc.array(line, { maxLength: 40 }), fc.constantFrom("", " begun", "b", "z".repeat(120)))
  .map((
    [lines, rest],
  ) => lines.map((one) => `${one}\n`).join("") + rest);
const framer = fc.record({
  how: fc.constantFrom({ preset: "java" as const }, { pattern: "^\\s" }, {
    pattern: "^\\s",
    match: "before" as const,
  }, { pattern: "^2024", negate: true }),
  max_lines: fc.integer({ min: 1, max: 30 }),
  max_bytes: fc.integer({ min: 1, max: 600 }),
}).map(({ how, ...limits }) => createFramer({ multiline: multilineOf({ ...how, ...limits }) }));
const scene = fc.record({
  text,
  framer,
  pieces: fc.array(fc.nat(150), { maxLength: 40 }),
  maxLineBytes: fc.integer({ min: 20, max: 200 }),
  bufferBytes: fc.integer({ min: 1, max: 300 }),
});

function optionsOf(given: { framer: Framer; maxLineBytes?: number; bufferBytes?: number }): ReaderOptions {
  return { ...readerOptions(given), framer: given.framer };
}

Deno.test("Reader yields exactly the records of a file written in any pieces, for any limit and buffer", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ text, pieces, ...options }) => {
      const bytes = bytesOf(text);
      const source = new MemorySource();
      const reader = new Reader(source, START, optionsOf(options));
      const chunks: Chunk[] = [];
      let written = 0;
      for (const piece of [...pieces, bytes.length]) {
        source.append(bytes.subarray(written, written + piece));
        written = Math.min(bytes.length, written + piece);
        // Not always to the end: a look may find more than the one before.
        if (piece % 3 === 0) {
          const look = await reader.look();
          if (look.kind === "lines") chunks.push({ ...look.chunk, bytes: look.chunk.bytes.slice() });
        } else chunks.push(...await drain(reader));
      }
      chunks.push(...await drain(reader));
      const { maxLineBytes: max } = options;
      assert.deepEqual(chunks.flatMap(foundIn), expected(text, max, options.framer, false));
      assert.equal(reader.end, bytes.length);
      const rest = text.slice(text.lastIndexOf("\n") + 1);
      assert.equal(reader.partial, rest.length > max ? 0 : rest.length);
      assert.equal(reader.held, bytes.length - reader.position.off - reader.partial);
      const last = await reader.takeRest("all");
      if (last !== undefined) chunks.push(last);
      assert.deepEqual(chunks.flatMap(foundIn), expected(text, max, options.framer, true));
      assert.equal(reader.position.off, bytes.length);
      const cut = chunks.reduce((sum, chunk) => sum + chunk.cut, 0);
      assert.equal(cut, text.split("\n").filter((one) => one.length > max).length);
    }),
    { numRuns: 500 },
  );
});

Deno.test("Reader's positions stand before records that were not handed over, and any of them resumes there", async () => {
  await fc.assert(
    fc.asyncProperty(scene, fc.nat(), async ({ text, pieces: _, ...options }, pick) => {
      const source = new MemorySource(bytesOf(text));
      const chunks = await drain(new Reader(source, START, optionsOf(options)));
      const positions = [START, ...chunks.map((chunk) => chunk.position)];
      const index = pick % positions.length;
      const { off, skipping } = positions[index]!;
      const next = chunks[index];
      if (next !== undefined && !skipping) assert.equal(next.off, off);
      const resumed = new Reader(source, await positionAt(source, off, skipping), optionsOf(options));
      assert.deepEqual((await drain(resumed)).flatMap(foundIn), chunks.slice(index).flatMap(foundIn));
    }),
    { numRuns: 300 },
  );
});

Deno.test("Reader joins lines of containers to new bytes, with the places where their records begin", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom("stdout", "stderr"), fc.constantFrom("P", "F")), { maxLength: 30 }),
      fc.array(fc.nat(100)),
      fc.integer({ min: 1, max: 300 }),
      async (given, pieces, bufferBytes) => {
        const text = given.map(([stream, tag], index) => `t ${stream} ${tag} ${index};\n`).join("");
        const bytes = bytesOf(text);
        const framer = createFramer({ container: "cri" });
        const source = new MemorySource();
        const reader = new Reader(source, START, optionsOf({ framer, bufferBytes }));
        const chunks: Chunk[] = [];
        let written = 0;
        for (const piece of [...pieces, bytes.length]) {
          source.append(bytes.subarray(written, written + piece));
          written = Math.min(bytes.length, written + piece);
          chunks.push(...await drain(reader));
        }
        const last = await reader.takeRest("lines");
        if (last !== undefined) chunks.push(last);
        const found = chunks.flatMap(foundIn);
        assert.deepEqual(found.map((record) => record.text), frame(framer, text));
        for (const { off, text: record } of found) {
          const [number] = /\d+;/.exec(record)!;
          assert.equal(off, text.lastIndexOf("\n", text.indexOf(` ${number}`)) + 1);
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("Reader joins lines of another encoding, and counts positions in the file", async () => {
  const text = "\ufefferste\n zwei ä😀\ndritte\n vier\nfünf";
  const framer = createFramer({ multiline: multilineOf({ pattern: "^ " }) });
  for (const bufferBytes of [4, 30, 1000]) {
    const source = new MemorySource();
    const reader = new Reader(source, START, {
      ...readerOptions({ encoding: "utf-16le", bufferBytes }),
      framer,
    });
    const chunks: Chunk[] = [];
    const bytes = Buffer.from(text, "utf16le");
    for (let at = 0; at < bytes.length; at += 7) {
      source.append(bytes.subarray(at, at + 7));
      chunks.push(...await drain(reader));
    }
    chunks.push((await reader.takeRest("lines"))!);
    assert.deepEqual(chunks.flatMap(foundIn), [
      { off: 0, text: "erste\n zwei ä😀\n" },
      { off: 2 * text.indexOf("dritte"), text: "dritte\n vier\n" },
    ]);
    assert.equal(reader.position.off, 2 * text.indexOf("fünf"));
  }
});

Deno.test("Reader.takeRest hands over whole lines only, where it is told so, and leaves the unfinished one", async () => {
  const framer = createFramer({ multiline: multilineOf({ pattern: "^ " }) });
  const source = new MemorySource(bytesOf("one\n two\n beg"));
  const reader = new Reader(source, START, optionsOf({ framer }));
  assert.deepEqual(await drain(reader), []);
  assert.deepEqual([reader.held, reader.partial, reader.end], [9, 4, 13]);
  assert.deepEqual(foundIn((await reader.takeRest("lines"))!), [{ off: 0, text: "one\n two\n" }]);
  assert.equal(await reader.takeRest("lines"), undefined);
  source.append(bytesOf("un\n"));
  await drain(reader);
  assert.deepEqual(foundIn((await reader.takeRest("all"))!), [{ off: 9, text: " begun\n" }]);
});

Deno.test("Reader tells truncation and rewriting of an unfinished record apart from growth", async () => {
  const framer = createFramer({ multiline: multilineOf({ pattern: "^ " }) });
  const read = async (begin: string, then: (source: MemorySource) => void) => {
    const source = new MemorySource(bytesOf(begin));
    const reader = new Reader(source, START, optionsOf({ framer }));
    await drain(reader);
    assert.equal(reader.probe(), "same");
    then(source);
    assert.equal(reader.probe(), "news");
    return (await reader.look()).kind;
  };
  for (const begin of ["one\n a\n", "zero\none\n a\n"]) {
    assert.equal(await read(begin, (source) => source.append(bytesOf(" b\n"))), "end");
    assert.equal(await read(begin, (source) => source.append(bytesOf("two\n"))), "lines");
    assert.equal(await read(begin, (source) => source.bytes = bytesOf("")), "changed");
    assert.equal(
      await read(begin, (source) => source.bytes = bytesOf("new\n contents,\n longer\n")),
      "changed",
    );
  }
  // What was cut off was unfinished: it is read again.
  assert.equal(await read("zero\none\n a\n", (source) => source.bytes = bytesOf("zero\none\n")), "end");
});

Deno.test("Reader reads what follows an unfinished record, not the record itself again and again", async () => {
  const framer = createFramer({ multiline: multilineOf({ pattern: "^ ", max_lines: 100_000 }) });
  const source = new MemorySource(bytesOf("one\n"));
  const reader = new Reader(source, START, optionsOf({ framer, bufferBytes: 1000 }));
  await drain(reader);
  const lines = 2000;
  let bytes = 0;
  const read = source.read.bind(source);
  source.read = (...args) => {
    const count = read(...args);
    bytes += count;
    return count;
  };
  for (let index = 0; index < lines; index++) {
    source.append(bytesOf(` more ${index}\n`));
    await drain(reader);
  }
  assert.ok(bytes < 100 * lines, `${bytes} bytes were read`);
  source.append(bytesOf("two\n"));
  assert.equal((await drain(reader)).flatMap(foundIn)[0]!.text.split("\n").length, lines + 2);
});
