import assert from "node:assert/strict";
import fc from "fast-check";
import { InOrder } from "../../src/lib/in_order.ts";

Deno.test("InOrder runs the actions of a key as they were announced, whatever is ready first", async () => {
  const task = fc.record({ key: fc.nat(2), fails: fc.constantFrom("", "", "", "ready", "action") });
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 12 }), fc.scheduler(), async (tasks, scheduler) => {
      const order = new InOrder();
      const keys = ["a", "b", "c"];
      const ran: number[] = [];
      const running = new Set<number>();
      const results = tasks.map(({ key, fails }, index) => {
        const ready = scheduler.schedule(Promise.resolve(index)).then((value) => {
          if (fails === "ready") throw new Error("not ready");
          return value;
        });
        return order.run(keys[key]!, ready, async (value) => {
          assert.equal(value, index);
          assert.ok(!running.has(key), "one at a time");
          running.add(key);
          ran.push(index);
          await scheduler.schedule(Promise.resolve());
          running.delete(key);
          if (fails === "action") throw new Error("failed");
          return value;
        });
      });
      const settled = Promise.allSettled(results);
      await scheduler.waitFor(settled);
      const outcomes = (await settled).map((each) =>
        each.status === "fulfilled" ? each.value : each.reason.message
      );
      const expected = tasks.map(({ fails }, index) =>
        fails === "" ? index : fails === "ready" ? "not ready" : "failed"
      );
      assert.deepEqual(outcomes, expected);
      for (const key of keys.keys()) {
        const own = tasks.flatMap((task, index) => task.key === key && task.fails !== "ready" ? [index] : []);
        assert.deepEqual(ran.filter((index) => tasks[index]?.key === key), own);
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("InOrder does not hold up other keys", async () => {
  const order = new InOrder();
  const never = new Promise<void>(() => {});
  order.run("stuck", never, () => Promise.resolve());
  assert.equal(await order.run("free", Promise.resolve(), () => Promise.resolve("other")), "other");
});
