import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome } from "../../src/acknowledgement.ts";
import { CheckpointTracker } from "../../src/checkpoints/checkpoint_tracker.ts";

/** A tracker of numbered batches with what it told, and the promises to settle. */
function setUp() {
  const marks: [stream: string, position: number][] = [];
  const failures: string[] = [];
  const tracker = new CheckpointTracker<number>({
    advance: (stream, position) => marks.push([stream, position]),
    failed: (stream) => failures.push(stream),
  });
  const track = (stream: string, position: number) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    tracker.track(stream, position, { settled: promise });
    return resolve;
  };
  return { tracker, track, marks, failures };
}

/** Lets promises that are settled already be heard. */
const turn = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

Deno.test("CheckpointTracker moves the mark over settled batches only, in their order", async () => {
  const { tracker, track, marks } = setUp();
  const [first, second, third] = [track("a", 1), track("a", 2), track("a", 3)];
  second("delivered");
  await turn();
  assert.deepEqual(marks, []);
  first("discarded");
  await turn();
  assert.deepEqual(marks, [["a", 2]]);
  assert.equal(tracker.pending("a"), 1);
  third("delivered");
  await turn();
  assert.deepEqual(marks, [["a", 2], ["a", 3]]);
  assert.equal(tracker.pending(), 0);
});

Deno.test("CheckpointTracker never passes a failed batch, and says once that it failed", async () => {
  const { track, marks, failures } = setUp();
  const [first, second, third, fourth] = [track("a", 1), track("a", 2), track("a", 3), track("a", 4)];
  third("failed");
  fourth("failed");
  await turn();
  assert.deepEqual(failures, ["a"]);
  first("delivered");
  second("delivered");
  await turn();
  assert.deepEqual(marks.at(-1), ["a", 2]);
  track("a", 5)("delivered");
  await turn();
  assert.deepEqual(marks.at(-1), ["a", 2]);
});

Deno.test("CheckpointTracker starts anew after forget, unmoved by batches that are still out", async () => {
  const { tracker, track, marks, failures } = setUp();
  const [first, second] = [track("a", 1), track("a", 2)];
  first("failed");
  await turn();
  tracker.forget("a");
  assert.equal(tracker.pending("a"), 0);
  assert.equal(tracker.pending(), 1);
  const again = track("a", 1);
  second("delivered");
  await turn();
  assert.deepEqual(marks, []);
  again("delivered");
  await turn();
  assert.deepEqual(marks, [["a", 1]]);
  assert.deepEqual(failures, ["a"]);
});

Deno.test("CheckpointTracker keeps streams apart", async () => {
  const { track, marks, failures } = setUp();
  const [a, b] = [track("a", 1), track("b", 1)];
  a("failed");
  b("delivered");
  await turn();
  assert.deepEqual(marks, [["b", 1]]);
  assert.deepEqual(failures, ["a"]);
});

Deno.test("CheckpointTracker is idle once every batch has settled, forgotten ones too", async () => {
  const { tracker, track } = setUp();
  await tracker.idle();
  const [first, second] = [track("a", 1), track("b", 1)];
  let idle = false;
  const waiting = tracker.idle().then(() => idle = true);
  tracker.forget("b");
  first("failed");
  await turn();
  assert.equal(idle, false);
  second("delivered");
  await waiting;
});

Deno.test("CheckpointTracker takes a rejected acknowledgement as failed", async () => {
  const { tracker, failures } = setUp();
  tracker.track("a", 1, { settled: Promise.reject(new Error("a defect")) });
  await tracker.idle();
  assert.deepEqual(failures, ["a"]);
});

Deno.test("CheckpointTracker's mark is always the longest settled prefix, in any order of settlement", async () => {
  const batch = fc.record({
    stream: fc.constantFrom("a", "b", "c"),
    outcome: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom<Outcome>("delivered", "discarded") },
      { weight: 1, arbitrary: fc.constant<Outcome>("failed") },
    ),
    order: fc.integer(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 60 }), async (batches) => {
      const { tracker, track, marks, failures } = setUp();
      const tracked = batches.map(({ stream, outcome, order }, position) => ({
        ...{ stream, outcome, order, position },
        settle: track(stream, position),
      }));
      const settled = new Set<number>();
      for (const next of tracked.toSorted((a, b) => a.order - b.order)) {
        next.settle(next.outcome);
        settled.add(next.position);
        await turn();
        for (const stream of ["a", "b", "c"]) {
          const own = tracked.filter((other) => other.stream === stream);
          const end = own.findIndex(({ position, outcome }) =>
            !settled.has(position) || outcome === "failed"
          );
          const mark = (end < 0 ? own : own.slice(0, end)).at(-1)?.position;
          assert.equal(marks.findLast(([of]) => of === stream)?.[1], mark);
          const failed = own.some(({ position, outcome }) => settled.has(position) && outcome === "failed");
          assert.equal(failures.filter((of) => of === stream).length, failed ? 1 : 0);
          assert.equal(tracker.pending(stream), own.filter(({ position }) => !settled.has(position)).length);
        }
      }
      await tracker.idle();
    }),
    { numRuns: 200 },
  );
});
