import assert from "node:assert/strict";
import { createTransform, eventWith } from "./support.ts";

async function kept(
  block: Record<string, unknown>,
  values: readonly (string | undefined)[],
): Promise<(string | undefined)[]> {
  const sample = await createTransform("sample", block);
  return values.filter((user) => sample.apply(eventWith({ user })) !== undefined);
}

Deno.test("sample keeps one of so many records, the first one first", async () => {
  const sample = await createTransform("sample", { rate: 4 });
  const pattern = Array.from({ length: 9 }, () => sample.apply(eventWith({})) === undefined ? "." : "x").join(
    "",
  );
  assert.equal(pattern, "x...x...x");
});

Deno.test("sample takes rates with a fraction", async () => {
  const count = (await kept({ rate: 2.5 }, Array(1000).fill("x"))).length;
  assert.equal(count, 400);
  assert.equal((await kept({ rate: 1 }, Array(10).fill("x"))).length, 10);
});

Deno.test("sample keeps all records of a key or none, the same in every worker", async () => {
  const users = Array.from({ length: 2000 }, (_, index) => `user-${index % 1000}`);
  const first = await kept({ rate: 5, key: "user" }, users);
  assert.deepEqual(await kept({ rate: 5, key: "user" }, users), first);
  const unique = new Set(first);
  assert.equal(first.length, unique.size * 2);
  assert.ok(unique.size > 140 && unique.size < 260, `${unique.size} of 1000 users are kept`);
  // A fixed choice: other versions and machines must agree.
  assert.deepEqual([...unique].slice(0, 3), ["user-2", "user-3", "user-14"]);
});

Deno.test("sample counts records without the key", async () => {
  assert.equal((await kept({ rate: 4, key: "user" }, Array(8).fill(undefined))).length, 2);
});

Deno.test("sample takes templates for keys", async () => {
  const sample = await createTransform("sample", { rate: 2, key: "{{ source }}-{{ user }}" });
  const answers = new Set(
    Array.from({ length: 64 }, (_, user) => sample.apply(eventWith({ user })) === undefined),
  );
  assert.equal(answers.size, 2);
});
