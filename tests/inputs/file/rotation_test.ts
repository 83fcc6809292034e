import assert from "node:assert/strict";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import type { FileCheckpoint } from "../../../src/inputs/file/fingerprint.ts";
import { HeadIndex } from "../../../src/inputs/file/head_index.ts";
import { OpenFile } from "../../../src/inputs/file/open_file.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import {
  findCopy,
  isCopyOf,
  locate,
  openContents,
  unseenGenerations,
} from "../../../src/inputs/file/rotation.ts";
import { findSiblings } from "../../../src/inputs/file/siblings.ts";
import type { TailedFile } from "../../../src/inputs/file/tailed_file.ts";
import { Bench } from "./support.ts";

const TEXT = Array.from({ length: 100 }, (_, index) => `a line with the number ${index}\n`).join("");
const NOTHING_TAKEN = {
  siblings: (path: string, anyName?: boolean) => findSiblings(path, undefined, anyName),
  heads: new HeadIndex(),
  isTaken: () => false,
};

/** "a.log" with this text, read and settled to the end. */
async function readFile(bench: Bench, text = TEXT): Promise<TailedFile> {
  const path = bench.write("a.log", text);
  const file = bench.registry().add(path, openContents(path), { start: START }, bench.time);
  while ((await file.reader.look()).kind !== "end");
  file.mark = { gen: 0, at: file.reader.position };
  return file;
}

/** The checkpoint of "a.log", which was read to its end and is not there any more. */
async function checkpointOfGone(bench: Bench): Promise<FileCheckpoint> {
  const file = await readFile(bench);
  const checkpoint = file.checkpoint(bench.time);
  file.close();
  fs.rmSync(bench.path("a.log"));
  return checkpoint;
}

Deno.test("locate finds a renamed file by its identity, wherever the search has seen it", async () => {
  using bench = new Bench();
  const file = await readFile(bench);
  const checkpoint = file.checkpoint(bench.time);
  fs.mkdirSync(bench.path("far"));
  fs.renameSync(bench.path("a.log"), bench.path("far/b"));
  assert.equal(await locate(checkpoint, new Map(), NOTHING_TAKEN), undefined);
  const found = await locate(checkpoint, new Map([[file.key, bench.path("far/b")]]), NOTHING_TAKEN);
  assert.deepEqual([found?.path, found?.comparison], [bench.path("far/b"), "same"]);
  found?.contents.close();
  file.close();
});

Deno.test("locate finds the contents under another identity, compressed too, and never what is taken", async () => {
  using bench = new Bench();
  const checkpoint = await checkpointOfGone(bench);
  bench.write("a.log.1.gz", gzipSync(TEXT + "more\n"));
  const found = await locate(checkpoint, new Map(), NOTHING_TAKEN);
  assert.equal(found?.path, bench.path("a.log.1.gz"));
  found?.contents.close();
  assert.equal(await locate(checkpoint, new Map(), { ...NOTHING_TAKEN, isTaken: () => true }), undefined);
});

Deno.test("locate says that the same file no longer holds what was read", async () => {
  using bench = new Bench();
  const file = await readFile(bench);
  const checkpoint = file.checkpoint(bench.time);
  fs.truncateSync(bench.path("a.log"));
  const found = await locate(checkpoint, new Map(), NOTHING_TAKEN);
  assert.equal(found?.comparison, "changed");
  found?.contents.close();
  file.close();
});

Deno.test("findCopy finds the copy by its contents, waits for one in the making, and takes no other file", async () => {
  using bench = new Bench();
  const file = await readFile(bench);
  const wanted = file.fingerprint();
  fs.truncateSync(bench.path("a.log"));
  const search = async () => {
    const result = await findCopy(bench.path("a.log"), wanted, NOTHING_TAKEN);
    if (result.kind === "found") result.copy.contents.close();
    return result.kind;
  };
  assert.equal(await search(), "none");
  bench.write("a.log.1", TEXT.slice(0, 2000));
  assert.equal(await search(), "unfinished");
  bench.write("a.log.1", TEXT.slice(0, -3) + "X9\n");
  assert.equal(await search(), "none");
  bench.write("a.log.1", TEXT + "rest\n");
  assert.equal(await search(), "found");
  file.close();
});

Deno.test("locate and findCopy find an old generation among hundreds of later ones", async () => {
  using bench = new Bench();
  const file = await readFile(bench);
  const checkpoint = file.checkpoint(bench.time);
  fs.truncateSync(bench.path("a.log"));
  bench.write("a.log.999", TEXT);
  for (let number = 0; number < 500; number++) {
    bench.write(`a.log.${number}`, `${number} ${TEXT}`);
    bench.write(`other-${number}.txt`, `${number} ${TEXT}`);
  }
  const later = Date.now() / 1000 - 60;
  fs.utimesSync(bench.path("a.log.999"), later, later);
  const copy = await findCopy(bench.path("a.log"), file.fingerprint(), NOTHING_TAKEN);
  assert.equal(copy.kind === "found" && copy.copy.path, bench.path("a.log.999"));
  if (copy.kind === "found") copy.copy.contents.close();
  fs.renameSync(bench.path("a.log"), bench.path("unlike"));
  fs.utimesSync(bench.path("unlike"), later, later);
  const renamed = await locate(checkpoint, new Map(), NOTHING_TAKEN);
  assert.equal(renamed?.path, bench.path("unlike"), "by its identity");
  renamed?.contents.close();
  file.close();
});

Deno.test("locate opens a file once to learn that it is another one, and again once it has changed", async () => {
  using bench = new Bench();
  const checkpoint = await checkpointOfGone(bench);
  bench.write("a.log.1", `1 ${TEXT}`);
  bench.write("a.log.2.gz", gzipSync(`2 ${TEXT}`));
  bench.write("a.log.3", "short\n");
  const places = { ...NOTHING_TAKEN, heads: new HeadIndex() };
  const { open } = OpenFile;
  const opened: string[] = [];
  OpenFile.open = (path) => {
    opened.push(path.slice(bench.directory.length + 1));
    return open.call(OpenFile, path);
  };
  try {
    for (let search = 0; search < 2; search++) {
      assert.equal(await locate(checkpoint, new Map(), places), undefined);
    }
    assert.deepEqual(opened.sort(), ["a.log.1", "a.log.2.gz", "a.log.3"]);
    bench.write("a.log.3", TEXT);
    const found = await locate(checkpoint, new Map(), places);
    assert.equal(found?.path, bench.path("a.log.3"));
    found?.contents.close();
  } finally {
    OpenFile.open = open;
  }
});

Deno.test("locate learns nothing wrong when names change hands under the search", async () => {
  using bench = new Bench();
  const checkpoint = await checkpointOfGone(bench);
  bench.write("a.log.1", `1 ${TEXT}`);
  bench.write("a.log.2", TEXT);
  const places = { ...NOTHING_TAKEN, heads: new HeadIndex() };
  const { open } = OpenFile;
  OpenFile.open = (path) => {
    OpenFile.open = open;
    fs.renameSync(bench.path("a.log.2"), bench.path("a.log.3"));
    fs.renameSync(bench.path("a.log.1"), bench.path("a.log.2"));
    return open.call(OpenFile, path.replace(/\d$/, "2"));
  };
  assert.equal(await locate(checkpoint, new Map(), places), undefined);
  const found = await locate(checkpoint, new Map(), places);
  assert.equal(found?.path, bench.path("a.log.3"));
  found?.contents.close();
});

Deno.test("isCopyOf tells a whole copy, one in the making, and a stranger, and does not guess after a truncation", async () => {
  using bench = new Bench();
  const file = await readFile(bench);
  const kindOf = async (text: string) => {
    const opened = openContents(bench.write("a.log.1", text));
    const kind = await isCopyOf(opened, { file: file.file, position: file.reader.position });
    opened.contents.close();
    return kind;
  };
  assert.equal(await kindOf(TEXT), "copy");
  assert.equal(await kindOf(TEXT.slice(0, 500)), "copy");
  assert.equal(await kindOf("another" + TEXT), "other");
  assert.equal(await kindOf(""), "other");
  bench.append("a.log", "more\n");
  assert.equal(await kindOf(TEXT + "more\n"), "copy");
  fs.truncateSync(bench.path("a.log"));
  assert.equal(await kindOf(TEXT), "unclear");
  file.close();
});

Deno.test("unseenGenerations lists what came later, oldest first, and a compressed one only without its plain file", () => {
  using bench = new Bench();
  bench.write("a.log", "now\n");
  const at = (name: string, seconds: number) => fs.utimesSync(bench.write(name, name), seconds, seconds);
  at("a.log.4.gz", 100);
  at("a.log.3", 200);
  at("a.log.2", 300);
  at("a.log.2.gz", 310);
  at("a.log.1.gz", 400);
  const names = unseenGenerations(bench.path("a.log"), 150_000, "mtime", NOTHING_TAKEN)
    .map(({ path }) => path.slice(bench.directory.length + 1));
  assert.deepEqual(names, ["a.log.3", "a.log.2", "a.log.1.gz"]);
});
