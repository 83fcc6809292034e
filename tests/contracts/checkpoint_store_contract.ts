import assert from "node:assert/strict";
import type {
  CheckpointParticipant,
  CheckpointStore,
  JsonObject,
} from "../../src/checkpoints/checkpoint_store.ts";

/** Opens a store of this kind on a directory. Its flush timer must not run during a test. */
export type OpenStore = (directory: string) => Promise<CheckpointStore>;

/** A participant whose state is `length`, and which tells when it was asked to sync. */
export class FakeParticipant implements CheckpointParticipant {
  readonly key: string;
  commit?: () => Promise<void>;
  length = 0;
  syncs = 0;
  /** What it was told at each snapshot. */
  readonly last: boolean[] = [];
  /** Awaited by `sync`. */
  beforeSync: () => Promise<void> = () => Promise.resolve();

  constructor(key: string) {
    this.key = key;
  }

  snapshot(isLast = false): { state: JsonObject; sync(): Promise<void> } {
    this.last.push(isLast);
    return {
      state: { length: this.length },
      sync: () => {
        this.syncs++;
        return this.beforeSync();
      },
    };
  }

  restore(): void {}
}

/** What every checkpoint store promises. */
export function checkpointStoreContract(name: string, open: OpenStore): void {
  const test = (behaviour: string, body: (directory: string) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      const directory = await Deno.makeTempDir();
      try {
        await body(`${directory}/checkpoints`);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    });

  test("creates its directory and starts empty", async (directory) => {
    await using store = await open(directory);
    assert.equal(store.directory, directory);
    assert.equal(store.condition, "new");
    assert.deepEqual([...store.entries()], []);
    assert.equal(store.get("a"), undefined);
    assert.equal(store.stateOf("out"), undefined);
  });

  test("saves what is set while an older value of the same key is being persisted", async (directory) => {
    {
      await using store = await open(directory);
      store.set("a", { off: 0 });
      const persisted = store.persist(["a"]);
      // It is collected in the next turn of promises, and written long after.
      for (let turn = 0; turn < 5; turn++) await null;
      store.set("a", { off: 1 });
      const flushed = store.flush();
      await Promise.all([persisted, flushed]);
    }
    await using store = await open(directory);
    assert.deepEqual(store.get("a"), { off: 1 });
  });

  test("persists records as they are when that is asked for, also where it has to wait", async (directory) => {
    const participant = new FakeParticipant("out");
    await using store = await open(directory);
    store.join(participant);
    store.set("b", { off: 0 });
    const flushed = store.flush();
    store.set("a", { off: 0 });
    const persisted = store.persist(["a"]);
    // What it moved over is told by a state that no commit holds yet.
    let saved = 0;
    store.set("a", () => ({ off: 1, saved: ++saved }));
    await Promise.all([flushed, persisted]);
    assert.equal(saved, 0);
    await store.flush();
    assert.equal(saved, 1);
  });

  test("tells a participant when its state is taken for the last time", async (directory) => {
    const participant = new FakeParticipant("out");
    {
      await using store = await open(directory);
      store.join(participant);
      await store.flush();
      participant.length = 7;
    }
    assert.deepEqual(participant.last, [false, true]);
    await using store = await open(directory);
    assert.deepEqual(store.stateOf("out"), { length: 7 });
  });

  test("has after reopening what was flushed", async (directory) => {
    const records: Record<string, JsonObject> = {
      a: { off: 1, nested: { list: [1, null, "ä\u0000\n"], flag: true } },
      "/var/log/app.log": { off: Number.MAX_SAFE_INTEGER },
      "": {},
    };
    {
      await using store = await open(directory);
      for (const [key, value] of Object.entries(records)) store.set(key, value);
      assert.deepEqual(store.get("a"), records["a"]);
      await store.flush();
    }
    await using store = await open(directory);
    assert.equal(store.condition, "intact");
    assert.deepEqual(Object.fromEntries(store.entries()), records);
  });

  test("saves the last value and forgets what was deleted", async (directory) => {
    {
      await using store = await open(directory);
      store.set("kept", { off: 1 });
      store.set("gone", { off: 1 });
      await store.flush();
      store.set("kept", { off: 2 });
      store.set("kept", { off: 3 });
      store.delete("gone");
      store.delete("never there");
      store.set("brief", {});
      store.delete("brief");
      assert.equal(store.get("gone"), undefined);
    }
    await using store = await open(directory);
    assert.deepEqual([...store.entries()], [["kept", { off: 3 }]]);
  });

  test("calls a function only when it is read or saved", async (directory) => {
    let calls = 0;
    {
      await using store = await open(directory);
      for (let off = 0; off < 100; off++) store.set("a", () => ({ off, calls: ++calls }));
      assert.equal(calls, 0);
      await store.flush();
      assert.equal(calls, 1);
      await store.flush();
      assert.equal(calls, 1);
    }
    await using store = await open(directory);
    assert.deepEqual(store.get("a"), { off: 99, calls: 1 });
  });

  test("persists single records, and no states", async (directory) => {
    const store = await open(directory);
    const participant = new FakeParticipant("out");
    store.join(participant);
    participant.length = 5;
    store.set("a", { off: 0 });
    store.set("b", { off: 0 });
    await Promise.all([store.persist(["a"]), store.persist(["b", "unknown"])]);
    assert.equal(participant.syncs, 0);
    assert.equal(store.stateOf("out"), undefined);
    await store[Symbol.asyncDispose]();
    assert.equal(participant.syncs, 1);
  });

  test("does not let a flush that began earlier undo what was persisted", async (directory) => {
    {
      await using store = await open(directory);
      const participant = new FakeParticipant("out");
      const gate = Promise.withResolvers<void>();
      participant.beforeSync = () => gate.promise;
      store.join(participant);
      store.set("a", { off: 1 });
      const flushed = store.flush();
      store.set("a", { off: 2 });
      await store.persist(["a"]);
      gate.resolve();
      await flushed;
      store.leave(participant);
    }
    await using store = await open(directory);
    assert.deepEqual(store.get("a"), { off: 2 });
  });

  test("saves states and positions of one moment", async (directory) => {
    {
      const store = await open(directory);
      const participant = new FakeParticipant("out");
      participant.beforeSync = () => {
        // What happens while the output syncs belongs to the next commit.
        participant.length = 200;
        store.set("a", { off: 20 });
        return Promise.resolve();
      };
      store.join(participant);
      participant.length = 100;
      store.set("a", { off: 10 });
      await store.flush();
      assert.deepEqual(store.stateOf("out"), { length: 100 });
      participant.beforeSync = () => Promise.reject(new Error("no space"));
      await store[Symbol.asyncDispose]();
    }
    await using store = await open(directory);
    assert.deepEqual(store.stateOf("out"), { length: 100 });
    assert.deepEqual(store.get("a"), { off: 10 });
  });

  test("saves nothing while a participant cannot sync, and all of it afterwards", async (directory) => {
    {
      await using store = await open(directory);
      const participant = new FakeParticipant("out");
      store.join(participant);
      participant.length = 7;
      store.set("a", { off: 1 });
      participant.beforeSync = () => Promise.reject(new Error("no space"));
      await assert.rejects(store.flush(), /Cannot save checkpoints in ".*": no space; /);
      assert.equal(store.stateOf("out"), undefined);
      participant.beforeSync = () => Promise.resolve();
      await store.flush();
    }
    await using store = await open(directory);
    assert.deepEqual(store.stateOf("out"), { length: 7 });
    assert.deepEqual(store.get("a"), { off: 1 });
  });

  test("gives a participant `commit`, and takes its last state along when it leaves", async (directory) => {
    {
      await using store = await open(directory);
      const participant = new FakeParticipant("out");
      store.join(participant);
      assert.throws(() => store.join(new FakeParticipant("out")), /Cannot join "out"/);
      participant.length = 1;
      await participant.commit?.();
      assert.deepEqual(store.stateOf("out"), { length: 1 });
      participant.length = 2;
      store.leave(participant);
      assert.equal(participant.commit, undefined);
      assert.deepEqual(store.stateOf("out"), { length: 2 });
      participant.length = 3;
      store.set("a", { off: 2 });
    }
    await using store = await open(directory);
    assert.deepEqual(store.stateOf("out"), { length: 2 });
  });

  test("removes the states of those that do not take part once it is told to", async (directory) => {
    {
      await using store = await open(directory);
      for (const name of ["stays", "left", "gone"]) {
        const participant = new FakeParticipant(name);
        store.join(participant);
        participant.length = 1;
      }
    }
    {
      await using store = await open(directory);
      const [stays, left] = ["stays", "left"].map((name) => new FakeParticipant(name));
      for (const participant of [stays!, left!]) store.join(participant);
      stays!.length = 2;
      store.set("a", { off: 1 });
      await store.flush();
      assert.deepEqual(store.stateOf("gone"), { length: 1 }, "it may still join");
      store.forgetOthers();
      store.leave(left!);
      assert.deepEqual(store.stateOf("left"), { length: 0 }, "another one may take its place in this turn");
      await store.flush();
    }
    await using store = await open(directory);
    assert.deepEqual(["stays", "left", "gone"].map((key) => store.stateOf(key)?.["length"]), [
      2,
      undefined,
      undefined,
    ]);
  });

  test("forgets the state of one that left and could not sync", async (directory) => {
    {
      await using store = await open(directory);
      const participant = new FakeParticipant("out");
      store.join(participant);
      participant.length = 1;
      await store.flush();
      participant.length = 2;
      participant.beforeSync = () => Promise.reject(new Error("gone"));
      store.leave(participant);
    }
    await using store = await open(directory);
    assert.equal(store.stateOf("out"), undefined);
  });

  test("shares the next flush among those who ask during one", async (directory) => {
    await using store = await open(directory);
    const participant = new FakeParticipant("out");
    const gate = Promise.withResolvers<void>();
    participant.beforeSync = () => gate.promise;
    store.join(participant);
    participant.length = 1;
    const first = store.flush();
    participant.length = 2;
    const others = [store.flush(), store.flush(), store.flush()];
    assert.equal(participant.syncs, 1);
    gate.resolve();
    await Promise.all([first, ...others]);
    assert.equal(participant.syncs, 2);
    assert.deepEqual(store.stateOf("out"), { length: 2 });
    await store.flush();
    assert.equal(participant.syncs, 2, "nothing changed, nothing is saved");
  });

  test("holds thousands of records, large values and long keys", async (directory) => {
    const path = (index: number) => `/var/log/${"deep/".repeat(20)}${index}.log`;
    const text = "0123456789äöü".repeat(15_000);
    {
      await using store = await open(directory);
      const participant = new FakeParticipant("out");
      store.join(participant);
      participant.length = 9;
      for (let index = 0; index < 3_000; index++) {
        store.set(path(index), { off: index, head: "x".repeat(250) });
      }
      store.set("k".repeat(1_900), { off: 1 });
      for (let index = 0; index < 6; index++) store.set(`large ${index}`, { text });
      assert.throws(() => store.set("k".repeat(1_901), {}), RangeError);
      await store.flush();
    }
    {
      await using store = await open(directory);
      assert.equal(store.condition, "intact");
      assert.equal([...store.entries()].length, 3_007);
      assert.deepEqual(store.get(path(2_999)), { off: 2_999, head: "x".repeat(250) });
      assert.deepEqual(store.get("large 5"), { text });
      assert.deepEqual(store.stateOf("out"), { length: 9 });
      store.set("large 1", { text: "small now" });
      store.delete("large 2");
      for (let index = 0; index < 2_999; index++) store.delete(path(index));
    }
    await using store = await open(directory);
    assert.equal([...store.entries()].length, 7);
    assert.deepEqual(store.get("large 1"), { text: "small now" });
  });

  test("refuses to save once it is closed", async (directory) => {
    const store = await open(directory);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await assert.rejects(store.flush(), /the store is closed/);
    await assert.rejects(store.persist(["a"]), /the store is closed/);
  });

  test("lets only one have a directory", async (directory) => {
    {
      await using _store = await open(directory);
      await assert.rejects(open(directory), { name: "CheckpointDirectoryInUseError" });
    }
    await using _again = await open(directory);
  });
}
