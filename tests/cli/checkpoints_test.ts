import assert from "node:assert/strict";
import { listCheckpoints, resetCheckpoints } from "../../src/cli/checkpoints.ts";
import { UsageError } from "../../src/cli/command.ts";
import { openStore, spawn, withDirectory } from "../checkpoints/support.ts";

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

const RECORDS = {
  "key 1": {
    v: 1,
    path: "/var/log/b.log",
    lid: "bbbb",
    gen: 2,
    off: 12,
    size: 3_456,
    state: "live",
    lastSeen: 0,
  },
  "key 2": { v: 1, path: "/var/log/a.log", lid: "aaaa", gen: 0, off: 99_999, size: 99_999, state: "closed" },
  "key 3": { off: 5 },
};

async function fill(directory: string): Promise<void> {
  await using store = await openStore({ directory });
  for (const [key, record] of Object.entries(RECORDS)) store.set(key, record);
}

Deno.test("listCheckpoints prints a table of the positions", async () => {
  await withDirectory(async (directory) => {
    await fill(directory);
    const out = printer();
    assert.equal(await listCheckpoints({ directories: [directory, directory], json: false }, out), 0);
    assert.deepEqual(out.lines, [
      directory,
      "PATH            OFFSET   SIZE  STATE   LAST SEEN             LINEAGE",
      "/var/log/a.log   99999  99999  closed  -                     aaaa",
      "/var/log/b.log      12   3456  live    1970-01-01T00:00:00Z  bbbb.2",
      "key 3                5      -  -       -                     -",
    ]);
  });
});

Deno.test("listCheckpoints prints every key of a record as JSON", async () => {
  await withDirectory(async (directory) => {
    await fill(directory);
    const out = printer();
    assert.equal(await listCheckpoints({ directories: [directory], json: true }, out), 0);
    assert.deepEqual(JSON.parse(out.lines.join("\n")), [{
      directory,
      source: "database",
      saved_at: null,
      note: null,
      checkpoints: Object.entries(RECORDS).map(([key, record]) => ({ key, ...record })),
      outputs: [],
    }]);
  });
});

Deno.test("listCheckpoints changes nothing and takes the snapshot when the database is damaged", async () => {
  await withDirectory(async (directory) => {
    await fill(directory);
    const database = `${directory}/checkpoints.kv`;
    Deno.writeTextFileSync(database, "garbage".repeat(1_000));
    const out = printer();
    assert.equal(await listCheckpoints({ directories: [directory], json: false }, out), 0);
    assert.match(out.lines[0] ?? "", /\(the database is damaged: file is not a database, as of \ds ago\)$/);
    assert.equal(out.lines.length, 5);
    assert.equal(Deno.readTextFileSync(database), "garbage".repeat(1_000));
  });
});

Deno.test("listCheckpoints works beside a running agent, where resetCheckpoints refuses", async () => {
  await withDirectory(async (directory) => {
    Deno.mkdirSync(directory);
    const process = spawn("flush_loop.ts", directory);
    const reader = process.stdout.getReader();
    await reader.read();
    const list = printer();
    assert.equal(await listCheckpoints({ directories: [directory], json: false }, list), 0);
    assert.match(
      list.lines[0] ?? "",
      RegExp(`\\(an agent \\(process ${process.pid}\\) is using it, as of \\ds ago\\)$`),
    );
    for (const given of [{ all: true, paths: [] }, { all: false, paths: ["a"] }]) {
      const reset = printer();
      assert.equal(await resetCheckpoints({ directories: [directory], ...given }, reset), 1);
      assert.deepEqual(reset.complaints, [
        `Cannot reset checkpoints in "${directory}": an agent (process ${process.pid}) is using them; stop it first`,
      ]);
    }
    process.kill("SIGKILL");
    await Promise.all([reader.cancel(), process.stdin.close(), process.stderr.cancel(), process.status]);
  });
});

Deno.test("listCheckpoints and resetCheckpoints leave a missing directory missing", async () => {
  await withDirectory(async (directory) => {
    const out = printer();
    assert.equal(await listCheckpoints({ directories: [directory], json: false }, out), 0);
    assert.deepEqual(out.lines, [`${directory} (there is no such directory)`, "No checkpoints"]);
    assert.equal(await resetCheckpoints({ directories: [directory], all: true, paths: [] }, out), 0);
    assert.equal(await resetCheckpoints({ directories: [directory], all: false, paths: ["/x"] }, out), 1);
    assert.throws(() => Deno.statSync(directory), Deno.errors.NotFound);
  });
});

Deno.test("resetCheckpoints forgets the named files, by path, key or lineage, and names those it does not know", async () => {
  await withDirectory(async (directory) => {
    await fill(directory);
    const out = printer();
    const paths = ["/var/log/b.log", "aaaa", "/var/log/unknown.log"];
    assert.equal(await resetCheckpoints({ directories: [directory], all: false, paths }, out), 1);
    assert.deepEqual(out.lines, [
      'Removed the checkpoint of "/var/log/b.log"',
      'Removed the checkpoint of "aaaa"',
    ]);
    assert.deepEqual(out.complaints, [
      'Cannot reset "/var/log/unknown.log": there is no checkpoint of it; "checkpoints list" shows those that are',
    ]);
    await using store = await openStore({ directory });
    assert.deepEqual([...store.entries()], [["key 3", { off: 5 }]]);
  });
});

Deno.test("resetCheckpoints --all starts afresh, snapshots included", async () => {
  await withDirectory(async (directory) => {
    await fill(directory);
    const out = printer();
    assert.equal(await resetCheckpoints({ directories: [directory], all: true, paths: [] }, out), 0);
    await using store = await openStore({ directory });
    assert.equal(store.condition, "new");
  });
});

Deno.test("resetCheckpoints wants to be told what to reset", async () => {
  await assert.rejects(resetCheckpoints({ directories: [], all: false, paths: [] }), UsageError);
  await assert.rejects(resetCheckpoints({ directories: [], all: true, paths: ["/x"] }), UsageError);
});

Deno.test("listCheckpoints says what it cannot read, and shows the others", async () => {
  await withDirectory(async (directory) => {
    await fill(directory);
    const out = printer();
    const loop = `${directory}/loop`;
    Deno.symlinkSync(loop, loop);
    assert.equal(await listCheckpoints({ directories: [loop, directory], json: false }, out), 1);
    assert.equal(out.complaints.length, 1);
    assert.match(out.complaints[0] ?? "", /^Cannot read the checkpoints in ".*\/loop": /);
    assert.equal(out.lines[0], directory);
  });
});

Deno.test("listCheckpoints shows control characters in a path as text", async () => {
  await withDirectory(async (directory) => {
    {
      await using store = await openStore({ directory });
      store.set("a", { path: "/tmp/\u001b[2Jx" });
    }
    const out = printer();
    await listCheckpoints({ directories: [directory], json: false }, out);
    assert.ok(out.lines[2]?.startsWith("/tmp/\\x1b[2Jx "));
  });
});
