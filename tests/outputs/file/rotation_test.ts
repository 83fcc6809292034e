import assert from "node:assert/strict";
import { intervalOf, rotatedFiles, rotatedName } from "../../../src/outputs/file/rotation.ts";

const TIME = Date.UTC(2026, 10, 22, 10, 15, 0, 123);

Deno.test("rotatedName puts the UTC time before the extension", () => {
  assert.equal(rotatedName("/out/app.log", TIME, () => false), "/out/app-20261122T101500Z.log");
  assert.equal(rotatedName("/out/app", TIME, () => false), "/out/app-20261122T101500Z");
});

Deno.test("rotatedName never takes a name that is there, compressed or being compressed", () => {
  const taken = new Set([
    "/out/app-20261122T101500Z.log.gz",
    "/out/app-20261122T101500Z.1.log",
    "/out/app-20261122T101500Z.2.log.gz.tmp",
  ]);
  assert.equal(
    rotatedName("/out/app.log", TIME, (path) => taken.has(path)),
    "/out/app-20261122T101500Z.3.log",
  );
});

Deno.test("rotatedFiles lists the closed files of one path only, oldest first", async () => {
  const directory = await Deno.makeTempDir();
  try {
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
    for (const name of [...closed, ...others]) await Deno.writeTextFile(`${directory}/${name}`, "");
    assert.deepEqual(rotatedFiles(`${directory}/app.log`), closed.map((name) => `${directory}/${name}`));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("intervalOf changes at full intervals of UTC", () => {
  const day = 86_400_000;
  assert.equal(
    intervalOf(Date.UTC(2026, 10, 22), day),
    intervalOf(Date.UTC(2026, 10, 22, 23, 59, 59, 999), day),
  );
  assert.notEqual(intervalOf(Date.UTC(2026, 10, 22), day), intervalOf(Date.UTC(2026, 10, 23), day));
});
