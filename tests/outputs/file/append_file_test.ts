import assert from "node:assert/strict";
import * as fs from "node:fs";
import { AppendFile, type DataSync } from "../../../src/outputs/file/append_file.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(`${directory}/a.log`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("AppendFile takes back what was not kept", async () => {
  await withFile(async (path) => {
    const file = AppendFile.open(path, 0o640);
    file.append(bytes("kept\n"));
    file.keep();
    file.append(bytes("not kept\n"));
    assert.equal(file.length, 5);
    assert.equal(file.torn, true);
    file.takeBack();
    assert.equal(file.torn, false);
    assert.equal(fs.readFileSync(path, "utf8"), "kept\n");
    await file.close();
  });
});

Deno.test("AppendFile writes again, through a new descriptor, what a failed sync leaves in doubt", async () => {
  await withFile(async (path) => {
    const synced: number[] = [];
    let failures = 2;
    const sync: DataSync = (fd) => {
      synced.push(fd);
      return failures-- > 0
        ? Promise.reject(Object.assign(new Error("os error 5"), { code: "EIO" }))
        : Promise.resolve();
    };
    const file = AppendFile.open(path, 0o640, sync);
    file.append(bytes("first\n"));
    file.keep();
    await assert.rejects(
      file.sync(),
      /Cannot sync ".*": input\/output error; 6 bytes are not known to be on disk/,
    );
    file.append(bytes("second\n"));
    file.keep();
    await assert.rejects(file.sync(), /13 bytes are not known/);
    assert.equal(file.dirty, true);
    await file.sync();
    assert.equal(file.dirty, false);
    assert.equal(synced.length, 3);
    assert.notEqual(synced[1], synced[0]);
    assert.equal(fs.readFileSync(path, "utf8"), "first\nsecond\n");
    await file.close();
  });
});

Deno.test("AppendFile does not take a second sync for a success after the file was moved", async () => {
  await withFile(async (path) => {
    let failures = 1;
    const sync: DataSync = () => failures-- > 0 ? Promise.reject(new Error("lost")) : Promise.resolve();
    const file = AppendFile.open(path, 0o640, sync);
    file.append(bytes("first\n"));
    file.keep();
    await assert.rejects(file.sync());
    fs.renameSync(path, `${path}.1`);
    fs.writeFileSync(path, "");
    await assert.rejects(file.sync(), /another file has taken its place/);
    await file.close();
  });
});

Deno.test("AppendFile waits for a sync that runs before it closes, and syncs no closed descriptor", async () => {
  await withFile(async (path) => {
    let finish = () => {};
    const sync: DataSync = () => new Promise((resolve) => finish = resolve);
    const file = AppendFile.open(path, 0o640, sync);
    file.append(bytes("a\n"));
    file.keep();
    const first = file.sync();
    let closed = false;
    const closing = file.close().then(() => closed = true);
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(closed, false);
    finish();
    await Promise.all([first, closing]);
    await file.sync();
  });
});
