import assert from "node:assert/strict";
import * as fs from "node:fs";
import { relative } from "node:path";
import { baseDirectories, Finder } from "../../../src/inputs/file/finder.ts";
import { Bench } from "./support.ts";

class Search {
  readonly obstacles: string[] = [];
  readonly finder: Finder;
  readonly #bench: Bench;

  constructor(bench: Bench, paths: string[], exclude: string[] = []) {
    this.#bench = bench;
    this.finder = new Finder(
      paths.map((path) => bench.path(path)),
      exclude,
      (path, error) =>
        this.obstacles.push(`${path.slice(bench.directory.length + 1)}: ${(error as Error).message}`),
      () => bench.time,
    );
  }
  names(): string[] {
    return this.finder.find().map(({ path }) => path.slice(this.#bench.directory.length + 1)).sort();
  }
}

function tree(bench: Bench, ...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(bench.path(name).replace(/\/[^/]*$/, ""), { recursive: true });
    bench.write(name, name);
  }
}

Deno.test("Finder finds what globs match, each path once", () => {
  using bench = new Bench();
  tree(bench, "a.log", "b.log", "c.txt", ".hidden.log", "x/a.log", "x/y/a.log", "x/y/z/b.log", "w/y/a.log");
  assert.deepEqual(new Search(bench, ["*.log"]).names(), [".hidden.log", "a.log", "b.log"]);
  assert.deepEqual(new Search(bench, ["a.log", "?.log", "[a-b].log", "{a,b}.log"]).names(), [
    "a.log",
    "b.log",
  ]);
  assert.deepEqual(new Search(bench, ["**/a.log"]).names(), ["a.log", "w/y/a.log", "x/a.log", "x/y/a.log"]);
  assert.deepEqual(new Search(bench, ["*/y/a.log"]).names(), ["w/y/a.log", "x/y/a.log"]);
  assert.deepEqual(new Search(bench, ["x/**/*.log"]).names(), ["x/a.log", "x/y/a.log", "x/y/z/b.log"]);
  assert.deepEqual(new Search(bench, ["{x,w}/y/*.log"]).names(), ["w/y/a.log", "x/y/a.log"]);
  assert.deepEqual(new Search(bench, ["{x/y,w/y}/*.log"]).names(), ["w/y/a.log", "x/y/a.log"]);
  assert.deepEqual(new Search(bench, ["x/*"]).names(), ["x/a.log"]);
  assert.deepEqual(new Search(bench, ["nowhere/*.log", "nowhere.log"]).names(), []);
});

Deno.test("Finder leaves out what is excluded: by name, or by the whole path where the glob has a slash", () => {
  using bench = new Bench();
  tree(bench, "a.log", "a.log.gz", "x/a.log", "x/b.log");
  assert.deepEqual(new Search(bench, ["**/*"], ["*.gz"]).names(), ["a.log", "x/a.log", "x/b.log"]);
  assert.deepEqual(new Search(bench, ["**/*.log"], ["**/x/*"]).names(), ["a.log"]);
  assert.deepEqual(new Search(bench, ["**/*.log"], [bench.path("x/a.log")]).names(), ["a.log", "x/b.log"]);
  const { finder } = new Search(bench, ["*.log", "one.txt"], ["b*"]);
  assert.deepEqual(
    ["a.log", "b.log", "one.txt", "two.txt", "x/a.log"].map((name) => finder.covers(bench.path(name))),
    [true, false, true, false, false],
  );
});

Deno.test("Finder sees files come and go, also in directories that it has listed before", () => {
  using bench = new Bench();
  tree(bench, "a.log", "x/a.log");
  const search = new Search(bench, ["**/*.log"]);
  assert.equal(search.names().length, 2);
  for (const name of ["", "x"]) fs.utimesSync(bench.path(name), 1000, 1000);
  assert.equal(search.names().length, 2);
  assert.equal(search.names().length, 2, "from memory now");
  tree(bench, "b.log", "x/c.log", "new/d.log");
  fs.rmSync(bench.path("a.log"));
  assert.deepEqual(search.names(), ["b.log", "new/d.log", "x/a.log", "x/c.log"]);
  assert.deepEqual(
    [...search.finder.directories].sort(),
    ["", "/new", "/x"].map((name) => bench.directory + name),
  );
  fs.rmSync(bench.path("x"), { recursive: true });
  assert.deepEqual(search.names(), ["b.log", "new/d.log"]);
});

Deno.test("Finder follows links, and does not run in a circle", () => {
  using bench = new Bench();
  tree(bench, "real/a.log");
  fs.symlinkSync(".", bench.path("real/again"));
  fs.symlinkSync("real", bench.path("link"));
  fs.symlinkSync("real/a.log", bench.path("one.log"));
  fs.symlinkSync("nowhere", bench.path("broken.log"));
  const search = new Search(bench, ["*.log", "**/a.log"]);
  assert.deepEqual(search.names(), ["link/a.log", "one.log", "real/a.log"]);
  assert.deepEqual(search.obstacles, []);
});

Deno.test("Finder reports a written path that is a directory, and whatever is no regular file", () => {
  using bench = new Bench();
  fs.mkdirSync(bench.path("dir.log"));
  assert.deepEqual(new Search(bench, ["*.log"]).obstacles, []);
  const search = new Search(bench, ["dir.log"]);
  assert.deepEqual(search.names(), []);
  assert.deepEqual(search.obstacles, ["dir.log: it is a directory"]);
});

const asRoot = Deno.uid() === 0;

Deno.test("Finder lists a directory again that could not be listed, although nothing changed in it", {
  ignore: asRoot,
}, () => {
  using bench = new Bench();
  tree(bench, "x/a.log");
  fs.utimesSync(bench.path("x"), 1000, 1000);
  const search = new Search(bench, ["x/*.log"]);
  fs.chmodSync(bench.path("x"), 0o300);
  assert.deepEqual(search.names(), []);
  assert.equal(search.obstacles.length, 1);
  fs.chmodSync(bench.path("x"), 0o700);
  assert.deepEqual(search.names(), ["x/a.log"]);
});

Deno.test("baseDirectories answers where each search starts, once", () => {
  assert.deepEqual(baseDirectories(["/var/log/*.log", "/var/log/a.log", "/srv/**/x/*.log", "/*.log"]), [
    "/var/log",
    "/srv",
    "/",
  ]);
});

Deno.test("Finder leaves out what a relative glob with a slash names, from the working directory on", () => {
  using bench = new Bench();
  tree(bench, "x/a.log", "x/b.log");
  const here = relative(Deno.cwd(), bench.directory);
  assert.deepEqual(new Search(bench, ["x/*"], [`${here}/x/a*`]).names(), ["x/b.log"]);
  assert.deepEqual(new Search(bench, ["x/*"], [`./${here}/x/a.log`]).names(), ["x/b.log"]);
});

Deno.test("Finder takes a trusted file as it was found before, until something changes in its directory", () => {
  using bench = new Bench();
  tree(bench, "a.log", "b.log");
  const { finder } = new Search(bench, ["*.log"]);
  const sizes = () =>
    finder.find(({ path }) => path === bench.path("a.log")).map(({ facts }) => facts.size).sort();
  bench.time = Date.now() + 10_000;
  assert.deepEqual(sizes(), [5, 5]);
  bench.write("a.log", "longer than it was");
  bench.write("b.log", "longer");
  assert.deepEqual(sizes(), [5, 6], "only the one that is not trusted is looked at");
  bench.write("c.log", "new");
  fs.utimesSync(bench.directory, new Date(), new Date(Date.now() + 1_000));
  assert.deepEqual(sizes(), [18, 3, 6]);
  fs.rmSync(bench.path("a.log"));
  fs.utimesSync(bench.directory, new Date(), new Date(Date.now() + 2_000));
  assert.deepEqual(sizes(), [3, 6]);
});

Deno.test("Finder.isUnchanged tells without a look at the files that a search would find the same", () => {
  using bench = new Bench();
  tree(bench, "a.log", "x/b.log");
  const { finder } = new Search(bench, ["**/*.log"]);
  bench.time = Date.now() + 10_000;
  const all = () => true;
  finder.find();
  assert.equal(finder.isUnchanged(all), false, "what came during the listing may be missing in it");
  finder.find();
  assert.equal(finder.isUnchanged(all), true);
  assert.equal(finder.isUnchanged(({ path }) => path !== bench.path("x/b.log")), false);
  let time = Date.now();
  const touch = (name: string) => fs.utimesSync(bench.path(name), new Date(), new Date(time += 1_000));
  for (
    const change of [
      () => bench.write("x/c.log", "c"),
      () => fs.rmSync(bench.path("a.log")),
      () => fs.renameSync(bench.path("x/c.log"), bench.path("x/d.log")),
    ]
  ) {
    change();
    touch("x");
    touch(".");
    assert.equal(finder.isUnchanged(all), false);
    for (let search = 0; search < 2; search++) finder.find();
    assert.equal(finder.isUnchanged(all), true);
  }
  fs.symlinkSync(bench.path("x"), bench.path("y"));
  touch(".");
  for (let search = 0; search < 2; search++) finder.find();
  assert.equal(finder.isUnchanged(all), false, "what a link leads to changes without a trace");
});
