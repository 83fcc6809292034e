import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeSnapshot,
  encodeSnapshot,
  readSnapshot,
  writeSnapshot,
} from "../../src/checkpoints/snapshot.ts";
import type { StoreImage } from "../../src/checkpoints/store_image.ts";
import { withDirectory } from "./support.ts";

const texts = fc.array(
  fc.tuple(fc.string({ unit: "binary" }), fc.jsonValue().map((value) => JSON.stringify(value))),
)
  .map((entries) => new Map(entries));
const images: fc.Arbitrary<StoreImage> = fc.record(
  { sequence: fc.nat(), records: texts, states: texts },
  { noNullPrototype: true },
);

Deno.test("encodeSnapshot and decodeSnapshot are inverse", () => {
  fc.assert(fc.property(images, fc.nat(), (image, savedAt) => {
    assert.deepEqual(decodeSnapshot(encodeSnapshot({ image, savedAt })), { image, savedAt });
  }));
});

Deno.test("encodeSnapshot writes plain JSON, one record a line", () => {
  const image = {
    sequence: 3,
    records: new Map([["a", '{"off":1}'], ["b", '{"off":2}']]),
    states: new Map([["out", '{"length":3}']]),
  };
  const text = encodeSnapshot({ image, savedAt: 0 });
  assert.deepEqual(JSON.parse(text).body, {
    saved_at: "1970-01-01T00:00:00.000Z",
    sequence: 3,
    records: [["a", { off: 1 }], ["b", { off: 2 }]],
    outputs: [["out", { length: 3 }]],
  });
  assert.ok(text.includes('\n["a",{"off":1}],\n["b",{"off":2}]\n'));
});

Deno.test("decodeSnapshot refuses a snapshot cut at any byte, or with any bit changed", () => {
  const image = { sequence: 3, records: new Map([["a", '{"off":123}']]), states: new Map() };
  const text = encodeSnapshot({ image, savedAt: 0 });
  for (let length = 0; length < text.length; length++) {
    assert.throws(() => decodeSnapshot(text.slice(0, length)), Error, `cut at ${length}`);
  }
  for (let index = 0; index < text.length; index++) {
    for (let bit = 0; bit < 7; bit++) {
      const changed = text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ 1 << bit) +
        text.slice(index + 1);
      let decoded;
      try {
        decoded = decodeSnapshot(changed);
      } catch {
        continue;
      }
      assert.deepEqual(decoded, { image, savedAt: 0 }, changed);
    }
  }
});

Deno.test("writeSnapshot keeps the one before, and readSnapshot finds the newest that is whole", async () => {
  await withDirectory(async (directory) => {
    Deno.mkdirSync(directory);
    assert.deepEqual(await readSnapshot(directory), { snapshot: undefined, problems: [] });
    const image = (sequence: number) => ({ sequence, records: new Map([["a", "{}"]]), states: new Map() });
    for (const sequence of [1, 2, 3]) {
      await writeSnapshot(directory, { image: image(sequence), savedAt: sequence });
    }
    const names = Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
    assert.deepEqual(names, ["checkpoints.1.json", "checkpoints.json"]);
    assert.equal((await readSnapshot(directory)).snapshot?.image.sequence, 3);

    Deno.truncateSync(`${directory}/checkpoints.json`, 50);
    const { snapshot, problems } = await readSnapshot(directory);
    assert.equal(snapshot?.image.sequence, 2);
    assert.deepEqual(problems, [{
      file: `${directory}/checkpoints.json`,
      problem: "it is not JSON, or only a part of it",
    }]);

    Deno.removeSync(`${directory}/checkpoints.json`);
    assert.equal((await readSnapshot(directory)).snapshot?.image.sequence, 2);
  });
});
