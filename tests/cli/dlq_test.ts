import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { UsageError } from "../../src/cli/command.ts";
import { listLetters, purgeLetters, showLetters } from "../../src/cli/dlq.ts";
import { replayLetters } from "../../src/cli/dlq_replay.ts";

/** Remembers what a command printed. */
function printer() {
  const lines: string[] = [];
  const complaints: string[] = [];
  return {
    lines,
    complaints,
    print: (line: string) => void lines.push(line),
    complain: (line: string) => void complaints.push(line),
  };
}

const LETTERS = [
  {
    time: "2026-01-01T10:00:00.000Z",
    reason: "mapping",
    output: "es",
    attempts: 1,
    id: "l.0.1",
    record: "one",
  },
  {
    time: "2026-01-01T11:00:00.000Z",
    reason: "mapping",
    output: "es",
    attempts: 2,
    id: "l.0.2",
    record: "two",
  },
  { time: "2026-01-02T10:00:00.000Z", reason: "too\u001b[2J large", output: "es", attempts: 1, record: "x" },
  { time: "2026-01-03T10:00:00.000Z", reason: "no JSON", input: "files-0", source: "/log", record: "{" },
];

/** A directory with these letters in one segment, a damaged line behind them, and a configuration beside it. */
class Place implements AsyncDisposable {
  readonly root: string = Deno.makeTempDirSync({ prefix: "dlq-" });
  readonly dir = join(this.root, "queue");
  readonly config = join(this.root, "config.yaml");

  constructor(letters: readonly object[] = LETTERS, rest = '{"broken\n{"cut off') {
    fs.mkdirSync(this.dir);
    const text = letters.map((letter) => `${JSON.stringify(letter)}\n`).join("");
    fs.writeFileSync(join(this.dir, "dead-letters-20260101T000000000Z.ndjson"), text + rest);
  }
  configure(config: object): void {
    fs.writeFileSync(
      this.config,
      stringify({
        inputs: {
          files: [{ paths: [join(this.root, "*.log")], checkpoint_path: join(this.root, "positions") }],
        },
        dead_letter: { enabled: true, dir: this.dir },
        ...config,
      }),
    );
  }
  get place() {
    return { config: this.config, dir: this.dir };
  }
  async shown(selection = {}, limit?: string): Promise<Record<string, unknown>[]> {
    const out = printer();
    assert.equal(await showLetters({ ...this.place, selection, limit }, out), 0);
    return out.lines.map((line) => JSON.parse(line));
  }
  [Symbol.asyncDispose](): Promise<void> {
    fs.rmSync(this.root, { recursive: true });
    return Promise.resolve();
  }
}

Deno.test("listLetters counts letters by where they come from and why", async () => {
  await using place = new Place();
  const out = printer();
  assert.equal(await listLetters({ ...place.place, json: false }, out), 0);
  assert.deepEqual(out.lines, [
    "FROM             LETTERS  BYTES  FIRST                 LAST                  REASON",
    "input files-0          1    102  2026-01-03T10:00:00Z  2026-01-03T10:00:00Z  no JSON",
    "output es              2    220  2026-01-01T10:00:00Z  2026-01-01T11:00:00Z  mapping",
    "output es              1    106  2026-01-02T10:00:00Z  2026-01-02T10:00:00Z  too\\x1b[2J large",
    "(damaged lines)        1",
  ]);
  const json = printer();
  await listLetters({ ...place.place, json: true }, json);
  const { directory, damaged, groups } = JSON.parse(json.lines.join("\n"));
  assert.deepEqual([directory, damaged], [place.dir, 1]);
  assert.deepEqual(groups[1], {
    output: "es",
    reason: "mapping",
    letters: 2,
    bytes: 220,
    first: "2026-01-01T10:00:00.000Z",
    last: "2026-01-01T11:00:00.000Z",
  });
});

Deno.test("dlq commands find the directory in the configuration, and say when there is none", async () => {
  await using place = new Place();
  place.configure({ output: { type: "stdout" } });
  const out = printer();
  assert.equal(await listLetters({ config: place.config, dir: undefined, json: false }, out), 0);
  assert.equal(out.lines.length, 5);
  place.configure({ output: { type: "stdout" }, dead_letter: { enabled: false } });
  await assert.rejects(listLetters({ config: place.config, dir: undefined, json: false }, out), UsageError);
  const none = printer();
  // The agent makes the directory with the first letter.
  const dead_letter = { enabled: true, dir: join(place.root, "none") };
  place.configure({ output: { type: "stdout" }, dead_letter });
  assert.equal(await listLetters({ config: place.config, dir: undefined, json: false }, none), 0);
  assert.deepEqual(none.lines, ["No dead letters"]);
  assert.ok(!fs.existsSync(join(place.root, "none")));
});

Deno.test("showLetters prints the letters that are meant", async () => {
  await using place = new Place();
  const records = async (selection = {}, limit?: string) =>
    (await place.shown(selection, limit)).map(({ record, damaged }) => record ?? damaged);
  assert.deepEqual(await records(), ["one", "two", "x", "{", '{"broken']);
  assert.deepEqual(await records({}, "2"), ["one", "two"]);
  assert.deepEqual(await records({ output: "es" }), ["one", "two", "x"]);
  assert.deepEqual(await records({ input: "files-0" }), ["{"]);
  assert.deepEqual(await records({ reason: "mapp" }), ["one", "two"]);
  assert.deepEqual(await records({ id: "l.0.2" }), ["two"]);
  assert.deepEqual((await place.shown({ id: "l.0.1" }))[0], LETTERS[0]);
  for (const limit of ["0", "-1", "many", "1.5"]) await assert.rejects(records({}, limit), UsageError);
});

Deno.test("purgeLetters deletes what is meant, once that is confirmed", async () => {
  await using place = new Place();
  const purge = async (given: Partial<Parameters<typeof purgeLetters>[0]>) => {
    const out = printer();
    const options = { selection: {}, olderThan: undefined, all: false, yes: true, ...place.place, ...given };
    const code = await purgeLetters({ ...options, now: () => Date.UTC(2026, 0, 3) }, out);
    return [code, ...out.lines, ...out.complaints];
  };
  await assert.rejects(purge({}), UsageError);
  await assert.rejects(purge({ all: true, olderThan: "1h" }), UsageError);
  await assert.rejects(purge({ olderThan: "a day" }), UsageError);
  assert.deepEqual(await purge({ selection: { output: "es" }, yes: false }), [
    1,
    "3 dead letters would be deleted for good; add --yes to do that",
  ]);
  assert.equal((await place.shown()).length, 5);
  assert.deepEqual(await purge({ olderThan: "24h" }), [0, "Deleted 2 dead letters"]);
  assert.deepEqual((await place.shown()).map(({ record }) => record), ["x", "{", undefined]);
  assert.deepEqual(await purge({ selection: { input: "files-0" } }), [0, "Deleted 1 dead letter"]);
  assert.deepEqual(await purge({ selection: { output: "none" }, yes: false }), [
    0,
    "0 dead letters would be deleted for good; add --yes to do that",
  ]);
  assert.deepEqual(await purge({ all: true }), [0, "Deleted 2 dead letters"]);
  assert.deepEqual(fs.readdirSync(place.dir), ["dlq.lock"]);
});

Deno.test("commands for dead letters say so where there is nothing, or no directory", async () => {
  await using place = new Place([], "");
  const out = printer();
  assert.equal(await showLetters({ ...place.place, selection: { output: "es" }, limit: undefined }, out), 0);
  assert.deepEqual([out.lines, out.complaints], [[], ["No dead letters, or none that is meant"]]);
  const gone = { config: place.config, dir: join(place.root, "gone") };
  await assert.rejects(
    listLetters({ ...gone, json: false }, out),
    /^UsageError: --dir: ".*gone" is not there$/,
  );
  fs.writeFileSync(gone.dir, "");
  await assert.rejects(
    listLetters({ ...gone, json: false }, out),
    /^UsageError: --dir: ".*gone" is no directory$/,
  );
});

async function replay(place: Place, words: Partial<Parameters<typeof replayLetters>[0]> = {}) {
  const out = printer();
  const given = { ...place.place, selection: {}, to: undefined, limit: undefined, ...words };
  const code = await replayLetters(given, undefined, out);
  return { code, out };
}

/** A file output of the name `out`. */
function fileOutput(place: Place, keys: object = {}): object {
  return { name: "out", type: "file", file: { path: join(place.root, "out.txt"), ...keys } };
}

Deno.test("replayLetters writes refused records to a file output, each once", async () => {
  const path = (place: Place) => join(place.root, "out.txt");
  const letters = [1, 2, 3].map((n) => ({
    ...{ time: "2026-01-01T10:00:00.000Z", reason: "full", output: "out", attempts: 1 },
    record: `r${n}`,
  }));
  await using place = new Place(letters, "");
  for (const letter of letters) Object.assign(letter, { partition: path(place) });
  const text = letters.map((letter) => `${JSON.stringify(letter)}\n`).join("");
  fs.writeFileSync(join(place.dir, "dead-letters-20260101T000000000Z.ndjson"), text);
  place.configure({ output: fileOutput(place) });
  const { code, out } = await replay(place);
  assert.deepEqual([code, out.lines, out.complaints], [0, ["Sent 3 dead letters"], []]);
  assert.equal(fs.readFileSync(path(place), "utf8"), "r1\nr2\nr3\n");
  assert.deepEqual(fs.readdirSync(place.dir), ["dlq.lock"]);
  const again = await replay(place);
  assert.deepEqual(again.out.lines, ["Sent 0 dead letters"]);
  assert.equal(fs.readFileSync(path(place), "utf8"), "r1\nr2\nr3\n");
});

Deno.test("replayLetters has records of an input parsed again, by the configuration as it is now", async () => {
  const letter = (record: string, n: number) => ({
    ...{ time: "2026-01-01T10:00:00.000Z", reason: "no JSON", input: "files-0", source: "/log/a.log" },
    ...{ labels: { file: "a.log" }, id: `l.0.${n}`, offset: n, record },
  });
  await using place = new Place(["a=1 msg=one", '{"msg": "two"}', "neither"].map(letter), "");
  place.configure({
    parser: [{ type: "json", on_error: "dead_letter" }],
    transforms: [{ type: "remove", fields: ["nothing"] }],
    output: fileOutput(place, { path: join(place.root, "{{ file }}.txt") }),
  });
  const { code, out } = await replay(place);
  assert.deepEqual(
    [code, out.lines],
    [1, ["Sent 1 dead letter; 2 failed again and stay"]],
    out.complaints.join(),
  );
  assert.equal(out.complaints.length, 1);
  assert.match(out.complaints[0] ?? "", /^Failed again: .*json/);
  const written = fs.readFileSync(join(place.root, "a.log.txt"), "utf8");
  assert.equal(JSON.parse(written).message, "two");
  const left = await place.shown();
  assert.deepEqual(left.map(({ record, attempts }) => [record, attempts]), [["a=1 msg=one", 2], [
    "neither",
    2,
  ]]);
  assert.ok(left.every(({ tried }) => typeof tried === "string"));
});

Deno.test("replayLetters says what is wrong with what it is told", async () => {
  await using place = new Place();
  place.configure({ output: fileOutput(place) });
  await assert.rejects(
    replay(place, { to: "es" }),
    /^UsageError: --to: there is no output "es"; known: "out"$/,
  );
  await assert.rejects(replay(place, { limit: "0" }), UsageError);
  const { code, out } = await replay(place, { selection: { output: "es" } });
  assert.equal(code, 1);
  assert.deepEqual(out.complaints, [
    'Cannot send records of output "es" again: there is no output "es"; known: "out"; --to names another one',
  ]);
  assert.deepEqual(out.lines, ["Sent 0 dead letters; 3 were not tried to the end and stay"]);
});
