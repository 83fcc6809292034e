import assert from "node:assert/strict";
import { type Fields, newEvent } from "../../src/event.ts";
import { KeyErrors } from "../../src/lib/key_error.ts";
import { type Chain, compileChain, isStateful } from "../../src/processing/chain.ts";
import { transformOf, warningContext } from "../support/plan.ts";

async function chainOf(...blocks: object[]): Promise<Chain> {
  const chain = await compileChain(blocks.map(transformOf), warningContext().context);
  assert.ok(chain !== undefined);
  return chain;
}

/** What the chain answers, and the fields that it leaves. */
function run(chain: Chain, fields: Fields): [number, Fields] {
  const event = newEvent({ input: "in", stream: "/log", labels: {} });
  event.fields = fields;
  const dropped = chain(event);
  return [dropped, JSON.parse(JSON.stringify(event.fields))];
}

Deno.test("compileChain makes nothing of no transforms", async () => {
  assert.equal(await compileChain([], warningContext().context), undefined);
});

Deno.test("Chain applies transforms in their order, those with a condition only where it holds", async () => {
  const chain = await chainOf(
    { type: "rename", rename: { a: "b" } },
    { type: "add", add: { big: true }, if: "fields.b > 1" },
    { type: "remove", fields: ["b"] },
  );
  assert.deepEqual(run(chain, { a: 1 }), [-1, {}]);
  assert.deepEqual(run(chain, { a: 2 }), [-1, { big: true }]);
});

Deno.test("Chain answers which transform drops a record, and applies none of those behind it", async () => {
  const chain = await chainOf(
    { type: "drop", if: "fields.a === 1" },
    { type: "keep", if: "fields.a < 5" },
    { type: "sample", rate: 1000, if: "fields.a === 3" },
    { type: "add", add: { seen: true } },
  );
  assert.deepEqual(run(chain, { a: 1 }), [0, { a: 1 }]);
  assert.deepEqual(run(chain, { a: 6 }), [1, { a: 6 }]);
  assert.deepEqual(run(chain, { a: 2 }), [-1, { a: 2, seen: true }]);
  assert.deepEqual(run(chain, { a: 3 }), [-1, { a: 3, seen: true }], "the first one is kept");
  assert.deepEqual(run(chain, { a: 3 }), [2, { a: 3 }]);
});

Deno.test("compileChain tells all mistakes at once, each with the place of its transform", async () => {
  const blocks = [
    { type: "add", add: {}, if: "1 +" },
    { type: "drop", if: "levle" },
    { type: "remove" },
    { type: "add", add: { a: 1 } },
  ];
  await assert.rejects(chainOf(...blocks), (error) => {
    assert.ok(error instanceof KeyErrors, String(error));
    assert.deepEqual(error.errors.map(({ key }) => key), [
      "transforms[0].if",
      "transforms[0].add",
      "transforms[1].if",
      "transforms[2]",
    ]);
    return true;
  });
});

Deno.test("isStateful holds for transforms that remember records", () => {
  const blocks = [
    { type: "dedupe" },
    { type: "throttle", limit: 1 },
    { type: "drop", if: "true" },
    { type: "sample" },
    { type: "remove", fields: ["a"] },
  ];
  assert.deepEqual(blocks.map((block) => isStateful(transformOf(block))), [true, true, false, false, false]);
});
