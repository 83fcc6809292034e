import assert from "node:assert/strict";
import * as fs from "node:fs";
import { DirectoryListings, listDirectory } from "../../../src/inputs/file/directory_listing.ts";
import { pause } from "../../support/wait.ts";
import { Bench } from "./support.ts";

Deno.test("listDirectory tells the facts of regular files only, and nothing of what is no directory", () => {
  using bench = new Bench();
  bench.write("a", "12");
  fs.mkdirSync(bench.path("b"));
  const listing = listDirectory(bench.directory);
  assert.deepEqual([...listing.names].sort(), ["a", "b"]);
  assert.deepEqual([listing.factsOf("a")?.size, listing.factsOf("b"), listing.factsOf("c")], [
    2,
    undefined,
    undefined,
  ]);
  assert.deepEqual(listDirectory(bench.path("a")).names, []);
});

Deno.test("DirectoryListings lists again once something was created, renamed or deleted", async () => {
  using bench = new Bench();
  const listings = new DirectoryListings();
  bench.write("a", "");
  const names = () => [...listings.list(bench.directory).names].sort().join();
  for (let round = 0; round < 30; round++) {
    // Whether the directory was changed just now or long ago.
    if (round % 3 === 0) await pause(30);
    assert.equal(names(), "a");
    bench.write("b", "");
    assert.equal(names(), "a,b");
    fs.renameSync(bench.path("b"), bench.path("c"));
    assert.equal(names(), "a,c");
    fs.rmSync(bench.path("c"));
  }
  await pause(30);
  assert.equal(names(), "a");
  assert.equal(listings.list(bench.directory), listings.list(bench.directory));
});
