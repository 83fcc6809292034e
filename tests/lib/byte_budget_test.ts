import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteBudget } from "../../src/lib/byte_budget.ts";

Deno.test("ByteBudget refuses a limit below one byte", () => {
  for (const limit of [0, -1, NaN]) assert.throws(() => new ByteBudget(limit), RangeError);
});

Deno.test("ByteBudget grants a request larger than itself only while nothing else is out", async () => {
  const budget = new ByteBudget(10);
  assert.equal(budget.tryTake(11), true);
  assert.equal(budget.tryTake(1), false);
  const waiting = budget.take(12);
  budget.give(11);
  assert.equal(await waiting, true);
  assert.equal(budget.used, 12);
});

Deno.test("ByteBudget lets nobody pass those who wait", async () => {
  const budget = new ByteBudget(10);
  budget.tryTake(8);
  const large = budget.take(5);
  assert.equal(budget.tryTake(1), false, "one byte is free, but somebody came first");
  const small = budget.take(1);
  budget.give(8);
  assert.deepEqual(await Promise.all([large, small]), [true, true]);
  assert.equal(budget.used, 6);
});

Deno.test("ByteBudget refuses all who wait and all who come once it is closed, and still takes bytes back", async () => {
  const budget = new ByteBudget(10);
  budget.tryTake(10);
  const waiting = [budget.take(1), budget.take(20)];
  budget.close();
  assert.deepEqual(await Promise.all(waiting), [false, false]);
  assert.equal(budget.tryTake(1), false);
  assert.equal(await budget.take(1), false);
  budget.give(10);
  assert.equal(budget.used, 0);
});

Deno.test("ByteBudget never exceeds its limit but for a single request, serves in order, and forgets nobody", async () => {
  const requests = fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 20 }), async (sizes, limit) => {
      const budget = new ByteBudget(limit);
      const granted: number[] = [];
      const out: number[] = [];
      const all = sizes.map((bytes, index) =>
        budget.take(bytes).then((ok) => {
          assert.equal(ok, true);
          granted.push(index);
          out.push(bytes);
        })
      );
      for (let turn = 0; granted.length < sizes.length || out.length > 0; turn++) {
        assert.ok(turn < 1000, "somebody waits for ever");
        await new Promise((resolve) => setTimeout(resolve, 0));
        const used = out.reduce((sum, bytes) => sum + bytes, 0);
        assert.equal(budget.used, used);
        assert.ok(
          used <= limit || out.filter((bytes) => bytes > 0).length === 1,
          `${out} of ${limit} are out`,
        );
        const bytes = out.shift();
        if (bytes !== undefined) budget.give(bytes);
      }
      await Promise.all(all);
      assert.deepEqual(granted, sizes.map((_, index) => index));
      assert.equal(budget.used, 0);
    }),
    { numRuns: 25 },
  );
});
