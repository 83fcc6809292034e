import assert from "node:assert/strict";
import { intervalOf, rotatedFiles, rotatedName } from "../../../src/outputs/file/rotation.ts";

const TIME = Date.UTC(2026, 10, 22, 10, 15, 0, 123);

async function inDirectory(names: readonly string[], body: (directory: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of names) await Deno.writeTextFile(`${directory}/${name}`, "");
    body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("rotatedName puts the UTC time before the extension", async () => {
  await inDirectory([], (directory) => {
    assert.equal(rotatedName(`${directory}/app.log`, TIME), `${directory}/app-20261122T101500Z.log`);
    assert.equal(rotatedName(`${directory}/app`, TIME), `${directory}/app-20261122T101500Z`);
  });
});

Deno.test("rotatedName sorts behind all that is there, whatever was deleted and whatever the clock says", async () => {
  await inDirectory(["app-20261122T101500Z.1.log.gz", "app-20261122T101500Z.2.log"], (directory) => {
    for (const time of [TIME, TIME - 86_400_000]) {
      assert.equal(rotatedName(`${directory}/app.log`, time), `${directory}/app-20261122T101500Z.3.log`);
    }
    assert.equal(rotatedName(`${directory}/app.log`, TIME + 1000), `${directory}/app-20261122T101501Z.log`);
  });
});

Deno.test("rotatedName does not take the name of what is being compressed", async () => {
  await inDirectory(["app-20261122T101500Z.log.gz.tmp"], (directory) => {
    assert.equal(rotatedName(`${directory}/app.log`, TIME), `${directory}/app-20261122T101500Z.1.log`);
  });
});

Deno.test("rotatedFiles lists the closed files of one path only, oldest first", async () => {
  const closed = [
    "app-20261122T101500Z.log.gz",
    "app-20261122T101500Z.2.log",
    "app-20261122T101500Z.10.log.gz",
    "app-20261123T000000Z.log",
  ];
  const others = [
    "app.log",
    "app-2.log",
    "app-x-20261122T101500Z.log",
    "app-20261122T101500Z.txt",
    "app-20261122T101500Z.log.gz.tmp",
  ];
  await inDirectory([...closed, ...others], (directory) => {
    assert.deepEqual(rotatedFiles(`${directory}/app.log`), closed.map((name) => `${directory}/${name}`));
  });
});

Deno.test("intervalOf changes at full intervals of UTC", () => {
  const day = 86_400_000;
  assert.equal(
    intervalOf(Date.UTC(2026, 10, 22), day),
    intervalOf(Date.UTC(2026, 10, 22, 23, 59, 59, 999), day),
  );
  assert.notEqual(intervalOf(Date.UTC(2026, 10, 22), day), intervalOf(Date.UTC(2026, 10, 23), day));
});
