import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type Chunk, type Look, Reader, type ReadPosition, START } from "../../../src/inputs/file/reader.ts";
import { positionAt } from "../../../src/inputs/file/file_positions.ts";
import { bytesOf, MemorySource, readerOptions } from "./support.ts";

const MARK = " [truncated]\n";

interface Line {
  readonly off: number;
  readonly bytes: Buffer;
}

/** What must come of a file's bytes: its whole lines, those that are too long cut at a character's boundary. */
function expectedLines(bytes: Uint8Array, max: number): Line[] {
  const lines: Line[] = [];
  let off = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0x0a) continue;
    const line = Buffer.from(bytes.subarray(off, at + 1));
    lines.push({ off, bytes: line.length - 1 > max ? cutOf(line, max) : line });
    off = at + 1;
  }
  // An unfinished line that is longer than allowed is a record already.
  const rest = Buffer.from(bytes.subarray(off));
  if (rest.length > max) lines.push({ off, bytes: cutOf(rest, max) });
  return lines;
}

function cutOf(line: Buffer, max: number): Buffer {
  let length = max;
  for (let back = 0; back < 3 && length > 0 && (line[length]! & 0xc0) === 0x80; back++) length--;
  return Buffer.concat([line.subarray(0, length), Buffer.from(MARK)]);
}

/** Looks until the end; the chunks on the way. */
async function drain(reader: Reader): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (let turn = 0; turn < 10_000; turn++) {
    const look = await reader.look();
    if (look.kind === "lines") chunks.push(ownChunk(look.chunk));
    else if (look.kind === "end") return chunks;
    else assert.notEqual(look.kind, "changed");
  }
  throw new Error("The reader does not come to an end");
}

/** A chunk whose bytes stay although the reader uses its buffers again. */
function ownChunk(chunk: Chunk): Chunk {
  return { ...chunk, bytes: chunk.bytes.slice() };
}

function linesOf(chunk: Chunk): Line[] {
  return Array.from(chunk.ends, (end, index) => {
    const start = chunk.ends[index - 1] ?? 0;
    return {
      off: chunk.offsets?.[index] ?? chunk.off + start,
      bytes: Buffer.from(chunk.bytes.subarray(start, end)),
    };
  });
}

const text = fc.array(
  fc.oneof(
    fc.constantFrom("\n", "\n", "\r\n", "a", "ä", "上", "😀", "\0"),
    fc.stringMatching(/^[a-z]{0,90}$/),
  ),
  { maxLength: 80 },
).map((parts) => bytesOf(parts.join("")));

const scene = fc.record({
  bytes: text,
  pieces: fc.array(fc.nat(200), { maxLength: 40 }),
  maxLineBytes: fc.integer({ min: 1, max: 300 }),
  bufferBytes: fc.integer({ min: 1, max: 300 }),
});

Deno.test("Reader yields exactly the lines of a file written in any pieces, for any limit and buffer", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ bytes, pieces, ...options }) => {
      const source = new MemorySource();
      const reader = new Reader(source, START, readerOptions(options));
      const chunks: Chunk[] = [];
      let written = 0;
      for (const piece of [...pieces, bytes.length]) {
        source.append(bytes.subarray(written, written + piece));
        written = Math.min(bytes.length, written + piece);
        // Not always to the end: a look may find more than the one before.
        if (piece % 3 === 0) {
          const look = await reader.look();
          if (look.kind === "lines") chunks.push(ownChunk(look.chunk));
        } else chunks.push(...await drain(reader));
      }
      chunks.push(...await drain(reader));
      assert.deepEqual(chunks.flatMap(linesOf), expectedLines(bytes, options.maxLineBytes));
      assert.equal(
        chunks.reduce((sum, chunk) => sum + chunk.cut, 0),
        chunks.flatMap(linesOf).filter((line) => line.bytes.toString().endsWith(MARK)).length,
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("Reader's chunks join without a gap, and any of their positions resumes exactly there", async () => {
  await fc.assert(
    fc.asyncProperty(scene, fc.nat(), async ({ bytes, pieces: _, ...options }, pick) => {
      const source = new MemorySource(bytes);
      const chunks = await drain(new Reader(source, START, readerOptions(options)));
      let position: ReadPosition = START;
      for (const chunk of chunks) {
        if (position.skipping) assert.equal(bytes[chunk.off - 1], 0x0a);
        else assert.equal(chunk.off, position.off);
        position = chunk.position;
        assert.deepEqual(position.head, bytes.slice(0, Math.min(1024, position.off)));
        assert.deepEqual(position.tail, bytes.slice(Math.max(0, position.off - 64), position.off));
      }
      const positions = [START, ...chunks.map((chunk) => chunk.position)];
      const index = pick % positions.length;
      const { off, skipping } = positions[index]!;
      const resumed = new Reader(source, await positionAt(source, off, skipping), readerOptions(options));
      assert.deepEqual(
        (await drain(resumed)).flatMap(linesOf),
        chunks.slice(index).flatMap(linesOf),
      );
    }),
    { numRuns: 200 },
  );
});

for (const encoding of ["utf-16le", "utf-16be"] as const) {
  Deno.test(`Reader converts ${encoding} lines written in any pieces, and counts positions in the file`, async () => {
    const lines = fc.array(fc.stringMatching(/^[a-z0äਊ上😀]{0,40}$/u), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.array(fc.nat(99)),
        fc.integer({ min: 4, max: 99 }),
        async (given, pieces, bufferBytes) => {
          const bytes = encode(encoding, given.map((line) => `${line}\n`).join(""));
          const source = new MemorySource();
          const reader = new Reader(source, START, readerOptions({ encoding, bufferBytes }));
          const chunks: Chunk[] = [];
          let written = 0;
          for (const piece of [...pieces, bytes.length]) {
            source.append(bytes.subarray(written, written + piece));
            written = Math.min(bytes.length, written + piece);
            chunks.push(...await drain(reader));
          }
          let off = 0;
          const expected = given.map((line) => {
            const start = off;
            off += 2 * line.length + 2;
            return { off: start, bytes: Buffer.from(`${line}\n`) };
          });
          assert.deepEqual(chunks.flatMap(linesOf), expected);
          assert.equal(reader.position.off, bytes.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  Deno.test(`Reader cuts a long ${encoding} line between characters and goes on aligned`, async () => {
    for (let letters = 25; letters < 60; letters++) {
      const source = new MemorySource(encode(encoding, `${"x".repeat(letters)}😀${"ä".repeat(60)}\nnext\n`));
      const reader = new Reader(
        source,
        START,
        readerOptions({ encoding, maxLineBytes: 64, bufferBytes: 70 }),
      );
      const lines = (await drain(reader)).flatMap(linesOf).map((line) => line.bytes.toString());
      assert.equal(lines.length, 2);
      assert.match(lines[0]!, /^x+(😀ä*)? \[truncated\]\n$/u);
      assert.equal(lines[1], "next\n");
    }
  });

  Deno.test(`Reader counts max_line_bytes of ${encoding} in the file, whether the line is finished or not`, async () => {
    for (const letter of ["x", "ä", "上", "😀"]) {
      const [fits, long] = [letter.repeat(32 / letter.length), letter.repeat(34)];
      const text = `${fits}\n${long}\n${fits}\n`;
      for (const bufferBytes of [40, 1000]) {
        const source = new MemorySource(encode(encoding, text));
        const reader = new Reader(source, START, readerOptions({ encoding, maxLineBytes: 64, bufferBytes }));
        const lines = (await drain(reader)).flatMap(linesOf).map((line) => line.bytes.toString());
        assert.deepEqual(lines, [`${fits}\n`, `${fits} [truncated]\n`, `${fits}\n`]);
      }
    }
  });

  Deno.test(`Reader passes over a hole before ${encoding} text without losing alignment`, async () => {
    for (const hole of [0, 2, 60, 600]) {
      const bytes = Buffer.concat([new Uint8Array(hole), encode(encoding, "first\nsecond\n")]);
      const reader = new Reader(new MemorySource(bytes), START, readerOptions({ encoding }), true);
      const lines = (await drain(reader)).flatMap(linesOf);
      assert.deepEqual(
        lines.map((line) => line.bytes.toString()),
        ["first\n", "second\n"],
        `hole of ${hole}`,
      );
      assert.equal(lines[0]!.off, hole);
    }
  });
}

Deno.test("Reader tells truncation and rewriting apart from growth", async () => {
  const read = async (then: (source: MemorySource) => void): Promise<Look["kind"]> => {
    const source = new MemorySource(bytesOf("one\ntwo\n"));
    const reader = new Reader(source, START, readerOptions());
    await drain(reader);
    assert.equal(reader.probe(), "same");
    then(source);
    assert.equal(reader.probe(), "news");
    return (await reader.look()).kind;
  };
  assert.equal(await read((source) => source.append(bytesOf("three\n"))), "lines");
  assert.equal(await read((source) => source.bytes = bytesOf("")), "changed");
  assert.equal(await read((source) => source.bytes = bytesOf("one\n")), "changed");
  assert.equal(
    await read((source) => source.bytes = bytesOf("new\ncontents, longer than before\n")),
    "changed",
  );
  assert.equal(await read((source) => source.append(bytesOf("begun"))), "end");
});

Deno.test("Reader tells with the lines that there is nothing behind them, and what is unfinished there", async () => {
  const source = new MemorySource(bytesOf("one\ntwo\nbegun"));
  const reader = new Reader(source, START, readerOptions());
  const look = await reader.look();
  assert.equal(look.kind === "lines" && look.atEnd, true);
  assert.equal(reader.partial, 5);
  assert.equal(reader.probe(), "same");
  source.append(bytesOf(" and ended\n"));
  assert.equal(reader.probe(), "news");
  const more = new MemorySource(bytesOf("a line\n".repeat(300)));
  const first = await new Reader(more, START, readerOptions({ bufferBytes: 10 })).look();
  assert.equal(first.kind === "lines" && first.atEnd, false, "the buffer was full: there may be more");
});

Deno.test("Reader begins with a head that is longer than its buffer, and notices when it changed", async () => {
  const bytes = bytesOf("a line\n".repeat(300));
  const source = new MemorySource(bytes);
  const position = await positionAt(source, 0);
  const lines = (await drain(new Reader(source, position, readerOptions({ bufferBytes: 10 })))).flatMap(
    linesOf,
  );
  assert.equal(lines.length, 300);
  source.bytes = bytesOf("b line\n".repeat(300));
  assert.equal(
    (await new Reader(source, position, readerOptions({ bufferBytes: 10 })).look()).kind,
    "changed",
  );
});

Deno.test("Reader sees a truncation that took only an unfinished line as nothing lost", async () => {
  const source = new MemorySource(bytesOf("one\nbegun"));
  const reader = new Reader(source, START, readerOptions());
  await drain(reader);
  assert.equal(reader.partial, 5);
  source.bytes = bytesOf("one\n");
  assert.equal(reader.probe(), "news");
  assert.deepEqual(await reader.look(), { kind: "end", partial: 0 });
  assert.equal(reader.probe(), "same");
  source.append(bytesOf("other\n"));
  assert.deepEqual((await drain(reader)).flatMap(linesOf).map((line) => line.bytes.toString()), ["other\n"]);
});

Deno.test("Reader passes over a hole of NUL bytes at the start of a generation, however it grows", async () => {
  const source = new MemorySource(new Uint8Array(100));
  const reader = new Reader(source, START, readerOptions({ bufferBytes: 7 }), true);
  assert.deepEqual(await drain(reader), []);
  source.append(new Uint8Array(50));
  assert.deepEqual(await drain(reader), []);
  source.append(bytesOf("after\n\0 stays\n"));
  const lines = (await drain(reader)).flatMap(linesOf);
  assert.deepEqual(lines.map((line) => line.bytes.toString()), ["after\n", "\0 stays\n"]);
  assert.equal(lines[0]!.off, 150);
});

Deno.test("Reader keeps NUL bytes where no hole is expected", async () => {
  const reader = new Reader(new MemorySource(bytesOf("\0\0a\n")), START, readerOptions());
  assert.equal((await drain(reader))[0]!.bytes.length, 4);
});

Deno.test("Reader.takeRest hands over the unfinished line with a line feed, once", async () => {
  const source = new MemorySource(bytesOf("one\nrest"));
  const reader = new Reader(source, START, readerOptions());
  await drain(reader);
  const chunk = await reader.takeRest("all");
  assert.deepEqual(chunk && linesOf(chunk), [{ off: 4, bytes: Buffer.from("rest\n") }]);
  assert.equal(chunk?.position.off, 8);
  assert.equal(reader.partial, 0);
  assert.equal(reader.probe(), "same");
  assert.equal(await reader.takeRest("all"), undefined);
  source.append(bytesOf("more\n"));
  assert.deepEqual((await drain(reader)).flatMap(linesOf), [{ off: 8, bytes: Buffer.from("more\n") }]);
});

Deno.test("Reader.takeRest hands over nothing when the file no longer holds the line", async () => {
  const source = new MemorySource(bytesOf("one\nrest"));
  const reader = new Reader(source, START, readerOptions());
  await drain(reader);
  source.bytes = bytesOf("");
  assert.equal(await reader.takeRest("all"), undefined);
  assert.equal((await reader.look()).kind, "changed");
});

Deno.test("Reader stays where it was when reading fails", async () => {
  const source = new MemorySource(bytesOf("one\ntwo\n"));
  const reader = new Reader(source, START, readerOptions());
  source.failure = new Error("EIO");
  await assert.rejects(reader.look(), /EIO/);
  await assert.rejects(reader.look(), /EIO/);
  source.failure = undefined;
  assert.equal((await drain(reader)).flatMap(linesOf).length, 2);
});

Deno.test("Reader goes back to the usual buffer size after a long line", async () => {
  const source = new MemorySource(bytesOf("x".repeat(5000) + "\nshort\n"));
  const options = readerOptions({ bufferBytes: 100 });
  const reader = new Reader(source, START, options);
  const chunks = await drain(reader);
  assert.equal(Buffer.concat(chunks.map((chunk) => chunk.bytes)).length, 5007);
});

function encode(encoding: "utf-16le" | "utf-16be", text: string): Buffer {
  const bytes = Buffer.from(text, "utf16le");
  return encoding === "utf-16be" ? bytes.swap16() : bytes;
}
