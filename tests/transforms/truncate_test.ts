import assert from "node:assert/strict";
import fc from "fast-check";
import type { Transform } from "../../src/transforms/transform.ts";
import { createTransform, eventWith, mistakeOf, transformed } from "./support.ts";

const transforms = new Map<number, Transform>();

async function shortened(text: string, maxBytes: number): Promise<string> {
  const truncate = transforms.get(maxBytes) ??
    await createTransform("truncate", { max_bytes: maxBytes, suffix: "" });
  transforms.set(maxBytes, truncate);
  const event = eventWith({}, { message: text });
  truncate.apply(event);
  return event.message;
}

Deno.test("truncate shortens the message", async () => {
  const truncate = await createTransform("truncate", { max_bytes: 5 });
  const event = eventWith({ a: "0123456789" }, { message: "0123456789" });
  truncate.apply(event);
  assert.equal(event.message, "01234…");
  assert.equal(event.fields.a, "0123456789");
});

Deno.test("truncate leaves texts that fit", async () => {
  assert.equal(await shortened("01234", 5), "01234");
  assert.equal(await shortened("ééé", 6), "ééé");
  assert.equal(await shortened("", 1), "");
});

Deno.test("truncate never splits a character, and keeps as many bytes as fit", async () => {
  assert.equal(await shortened("aé", 2), "a");
  assert.equal(await shortened("a😀b", 4), "a");
  assert.equal(await shortened("a😀b", 5), "a😀");
  await fc.assert(fc.asyncProperty(
    fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\u{301}"), maxLength: 20 }),
    fc.integer({ min: 1, max: 20 }),
    async (text, maxBytes) => {
      const result = await shortened(text, maxBytes);
      const bytes = new TextEncoder().encode(result).length;
      assert.ok(bytes <= maxBytes);
      assert.ok(text.startsWith(result));
      const next = String.fromCodePoint(text.codePointAt(result.length) ?? 0);
      if (result !== text) assert.ok(bytes + new TextEncoder().encode(next).length > maxBytes);
    },
  ));
});

Deno.test("truncate shortens the listed fields and those that match", async () => {
  const truncate = await createTransform("truncate", {
    fields: ["a", "n.x", "number", "absent"],
    patterns: ["^long"],
    max_bytes: 2,
    suffix: "",
  });
  assert.deepEqual(
    transformed(truncate, {
      a: "abc",
      n: { x: "def" },
      number: 12345,
      long_b: "ghi",
      long_c: 1,
      other: "jkl",
    }),
    {
      a: "ab",
      n: { x: "de" },
      number: 12345,
      long_b: "gh",
      long_c: 1,
      other: "jkl",
    },
  );
});

Deno.test("truncate says what is wrong", async () => {
  assert.match(await mistakeOf("truncate", { patterns: ["("] }), /^patterns\[0\]: /);
});
