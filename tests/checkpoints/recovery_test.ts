import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { CheckpointStore } from "../../src/checkpoints/checkpoint_store.ts";
import { FakeParticipant } from "../contracts/checkpoint_store_contract.ts";
import { openStore, RecordingLog, spawn, withDirectory } from "./support.ts";

const COUNT = 300;

/** Fills a directory as a former run of the agent, killed, would leave it: with a -wal when `crashed`. */
async function fill(directory: string, crashed: boolean): Promise<void> {
  const store = await openStore({ directory });
  const participant = new FakeParticipant("out");
  store.join(participant);
  participant.length = 4_711;
  for (let index = 0; index < COUNT; index++) {
    store.set(`lineage-${index}`, { off: index, head: "h".repeat(64) });
  }
  await store.flush();
  const copy = `${directory}.copy`;
  if (crashed) copyDirectory(directory, copy);
  await store[Symbol.asyncDispose]();
  if (crashed) {
    copySnapshots(directory, copy);
    Deno.removeSync(directory, { recursive: true });
    Deno.renameSync(copy, directory);
  }
}

function copyDirectory(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
}

function copySnapshots(from: string, to: string): void {
  for (const { name } of Deno.readDirSync(from)) {
    if (name.endsWith(".json")) Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

function removeSnapshots(directory: string): void {
  for (const { name } of Deno.readDirSync(directory)) {
    if (name.endsWith(".json")) Deno.removeSync(`${directory}/${name}`);
  }
}

function assertComplete(store: CheckpointStore): void {
  assert.equal([...store.entries()].length, COUNT);
  assert.deepEqual(store.get("lineage-299"), { off: 299, head: "h".repeat(64) });
  assert.deepEqual(store.stateOf("out"), { length: 4_711 });
}

/** Same numbers in every run. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 12_345;
  for (let index = 0; index < length; index++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

const DAMAGES: Record<string, (path: string) => void> = {
  "has 12 pages overwritten": (path) => {
    using file = Deno.openSync(path, { write: true });
    const pages = Deno.statSync(path).size / 4096;
    for (let page = 0; page < 12; page++) {
      file.seekSync((1 + Math.floor(page * (pages - 1) / 12)) * 4096, Deno.SeekMode.Start);
      file.writeSync(noise(4096));
    }
  },
  // Deno KV ends the process when it meets these.
  "has lost the pages of its queues": (path) => {
    const database = new DatabaseSync(path);
    const rows = database.prepare("SELECT rootpage FROM sqlite_master WHERE tbl_name LIKE 'queue%'").all();
    database.close();
    using file = Deno.openSync(path, { write: true });
    for (const { rootpage } of rows) {
      file.seekSync((Number(rootpage) - 1) * 4096, Deno.SeekMode.Start);
      file.writeSync(noise(4096));
    }
  },
  // SQLite finds no fault with this one; Deno KV tries to create its tables again.
  "has lost its migrations": (path) => {
    const database = new DatabaseSync(path);
    database.exec("DELETE FROM migration_state");
    database.close();
  },
  "has its last page overwritten": (path) => {
    using file = Deno.openSync(path, { write: true });
    file.seekSync(-4096, Deno.SeekMode.End);
    file.writeSync(noise(4096));
  },
  "has one changed bit in a record": (path) => {
    const bytes = Deno.readFileSync(path);
    const at = new TextDecoder("latin1").decode(bytes).indexOf('"off":123') + 6;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    Deno.writeFileSync(path, bytes);
  },
  "is garbage": (path) => Deno.writeFileSync(path, noise(9_000)),
  "is cut in half": (path) => Deno.truncateSync(path, Math.floor(Deno.statSync(path).size / 2)),
  "is cut within a page": (path) => Deno.truncateSync(path, 5_000),
  "is a directory": (path) => {
    Deno.removeSync(path);
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/some file`, "");
  },
  "is another program's": (path) => Deno.writeFileSync(path, foreignDatabase()),
  "has no length": (path) => Deno.truncateSync(path),
  "is gone": (path) => Deno.removeSync(path),
};
/** Damage that leaves nothing to look into. */
const NOTHING_LEFT = ["has no length", "is gone"];

for (const [damage, inflict] of Object.entries(DAMAGES)) {
  Deno.test(`KvCheckpointStore restores all from the snapshot when the database ${damage}`, async () => {
    await withDirectory(async (directory) => {
      await fill(directory, false);
      inflict(`${directory}/checkpoints.kv`);
      const log = new RecordingLog();
      {
        await using store = await openStore({ directory, log, now: () => Date.now() + 60_000 });
        assert.equal(store.condition, "restored");
        assertComplete(store);
      }
      assert.match(
        log.of("warn")[0] ?? "",
        /^Restored 301 checkpoints in ".*" from the snapshot of .* \(6\ds old\)/,
      );
      const kept = [...Deno.readDirSync(directory)].filter(({ name }) => name.includes(".corrupt-"));
      assert.equal(kept.length, NOTHING_LEFT.includes(damage) ? 0 : 1);
      assert.equal(log.of("error").length, kept.length);
      await using store = await openStore({ directory });
      assert.equal(store.condition, "intact");
      assertComplete(store);
    });
  });

  Deno.test(`KvCheckpointStore starts, and says what it lost, when the database ${damage} and there is no snapshot`, async () => {
    await withDirectory(async (directory) => {
      await fill(directory, false);
      inflict(`${directory}/checkpoints.kv`);
      removeSnapshots(directory);
      const log = new RecordingLog();
      {
        await using store = await openStore({ directory, log });
        if (damage === "has one changed bit in a record") {
          assert.equal(store.condition, "restored");
          assert.equal([...store.entries()].length, COUNT - 1);
          assert.match(log.of("error").join("\n"), /Lost 1 checkpoints in ".*": .* 300 others are intact/);
        } else if (NOTHING_LEFT.includes(damage)) {
          assert.equal(store.condition, "new");
        } else {
          assert.equal(store.condition, "lost");
          assert.match(log.of("error").join("\n"), /Lost all checkpoints in/);
        }
        store.set("a", { off: 1 });
      }
      await using store = await openStore({ directory });
      assert.equal(store.condition, "intact");
      assert.deepEqual(store.get("a"), { off: 1 });
    });
  });
}

Deno.test("KvCheckpointStore loses nothing to a crash, and tidies up what it left", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, true);
    removeSnapshots(directory);
    await using store = await openStore({ directory });
    assert.equal(store.condition, "intact");
    assertComplete(store);
  });
});

for (
  const [what, spoil] of Object.entries<(path: string) => void>({
    garbage: (path) => Deno.writeFileSync(path, noise(50_000)),
    missing: (path) => Deno.removeSync(path),
    "cut short": (path) => Deno.truncateSync(path, 20_000),
  })
) {
  Deno.test(`KvCheckpointStore prefers the snapshot when a crash left a -wal that is ${what}`, async () => {
    await withDirectory(async (directory) => {
      await fill(directory, true);
      spoil(`${directory}/checkpoints.kv-wal`);
      await using store = await openStore({ directory });
      assert.equal(store.condition, "restored");
      assertComplete(store);
    });
  });
}

Deno.test("KvCheckpointStore is not misled by side files without a database", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, true);
    Deno.removeSync(`${directory}/checkpoints.kv`);
    await using store = await openStore({ directory });
    assert.equal(store.condition, "restored");
    assertComplete(store);
  });
});

Deno.test("KvCheckpointStore takes the older snapshot when the newer one is damaged", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, false);
    const newer = `${directory}/checkpoints.json`;
    Deno.copyFileSync(newer, `${directory}/checkpoints.1.json`);
    Deno.writeTextFileSync(newer, Deno.readTextFileSync(newer).replace('"off":12,', '"off":13,'));
    Deno.removeSync(`${directory}/checkpoints.kv`);
    const log = new RecordingLog();
    await using store = await openStore({ directory, log });
    assert.equal(store.condition, "restored");
    assertComplete(store);
    assert.match(
      log.of("warn")[0] ?? "",
      /Cannot read the checkpoint snapshot ".*": its checksum is .*, expected/,
    );
  });
});

Deno.test("KvCheckpointStore says that all is lost when the database is gone and no snapshot can be read", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, false);
    Deno.writeTextFileSync(`${directory}/checkpoints.json`, "{");
    Deno.writeTextFileSync(`${directory}/checkpoints.1.json`, "{}");
    Deno.removeSync(`${directory}/checkpoints.kv`);
    const log = new RecordingLog();
    await using store = await openStore({ directory, log });
    assert.equal(store.condition, "lost");
    assert.equal(log.of("error").length, 1);
  });
});

Deno.test("KvCheckpointStore goes on from the snapshot while another program holds the database", async () => {
  await withDirectory(async (directory) => {
    await fill(directory, false);
    const holder = new DatabaseSync(`${directory}/checkpoints.kv`);
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const log = new RecordingLog();
    const store = await openStore({ directory, log });
    assert.equal(store.condition, "restored");
    assertComplete(store);
    holder.close();
    store.set("after", { off: 1 });
    await store.flush();
    await store[Symbol.asyncDispose]();
    await using again = await openStore({ directory });
    assert.equal(again.condition, "intact");
    assert.deepEqual(again.get("after"), { off: 1 });
    assert.equal([...again.entries()].length, COUNT + 1);
  });
});

Deno.test("KvCheckpointStore names what is in the way when it cannot have a directory", async () => {
  await withDirectory(async (directory) => {
    Deno.writeTextFileSync(directory, "");
    await assert.rejects(openStore({ directory }), /^Error: Cannot create the checkpoint directory ".*"/);
    await assert.rejects(
      openStore({ directory: `${directory}/below` }),
      /^Error: Cannot create the checkpoint dir/,
    );
  });
});

Deno.test("KvCheckpointStore has all that was flushed after kill -9, twenty times", async () => {
  await withDirectory(async (directory) => {
    Deno.mkdirSync(directory);
    let known = -1;
    for (let round = 0; round < 20; round++) {
      const process = spawn("flush_loop.ts", directory);
      const flushed = await lastLineAfter(process, 15 + round * 2);
      const store = await openStore({ directory });
      assert.ok(["intact", "new"].includes(store.condition), `round ${round}: ${store.condition}`);
      const records = Array.from(store.entries(), ([, { off }]) => Number(off));
      const oldest = Math.min(...records);
      assert.ok(oldest >= flushed, `round ${round}: saved ${oldest}, flushed ${flushed}`);
      assert.ok(
        Number(store.stateOf("out")?.["length"]) >= Math.max(...records),
        "a state older than a position",
      );
      assert.ok(oldest >= known, `round ${round}: ${oldest} after ${known}`);
      known = oldest;
      await store[Symbol.asyncDispose]();
    }
  });
});

Deno.test("KvCheckpointStore refuses a directory that an agent in another process has, and names it", async () => {
  await withDirectory(async (directory) => {
    Deno.mkdirSync(directory);
    const process = spawn("flush_loop.ts", directory);
    const reader = process.stdout.getReader();
    await reader.read();
    await assert.rejects(openStore({ directory }), {
      name: "CheckpointDirectoryInUseError",
      pid: process.pid,
      message:
        `Cannot use "${directory}" for checkpoints: another agent (process ${process.pid}) is using it; ` +
        "stop that one first, or give this one a directory of its own",
    });
    process.kill("SIGKILL");
    await Promise.all([reader.cancel(), process.stdin.close(), process.stderr.cancel(), process.status]);
    await using store = await openStore({ directory });
    assert.equal(store.condition, "intact");
  });
});

/** Lets the process print `lines` lines, kills it, and returns the number in the last whole line. */
async function lastLineAfter(process: Deno.ChildProcess, lines: number): Promise<number> {
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of process.stdout) {
    output += decoder.decode(chunk);
    if (output.split("\n").length > lines) process.kill("SIGKILL");
  }
  await process.stdin.close();
  const { code } = await process.status;
  const problems = await new Response(process.stderr).text();
  assert.ok(code !== 1, problems);
  return Number(output.split("\n").at(-2));
}

function foreignDatabase(): Uint8Array<ArrayBuffer> {
  const path = Deno.makeTempFileSync();
  try {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE notes (text TEXT)");
    database.close();
    return Deno.readFileSync(path);
  } finally {
    Deno.removeSync(path);
  }
}
