import assert from "node:assert/strict";
import fc from "fast-check";
import { Ledger, summaryOf } from "../src/ledger.ts";

const BATCH = fc.record({
  input: fc.constantFrom("a", "b"),
  delivered: fc.nat(9),
  drop: fc.nat(3),
  unrouted: fc.nat(3),
  letters: fc.nat(3),
  kept: fc.nat(3),
  unparsed: fc.nat(3),
  outcome: fc.constantFrom("delivered" as const, "discarded" as const, "failed" as const, "waiting" as const),
});

Deno.test("Ledger counts every record once, by input and over all", () => {
  fc.assert(
    fc.property(fc.array(BATCH, { maxLength: 20 }), (batches) => {
      const ledger = new Ledger();
      const lost = { drop: 0, unrouted: 0, no_dead_letter_queue: 0 };
      let letters = 0;
      for (const { input, outcome, ...batch } of batches) {
        const counts = ledger.of(input);
        const { drop, unrouted } = batch;
        const kept = Math.min(batch.kept, batch.letters);
        const records = batch.delivered + drop + unrouted + batch.letters;
        counts.received += records;
        if (outcome === "waiting") {
          counts.inFlight += records;
          continue;
        }
        counts[outcome] += records;
        if (outcome === "failed") continue;
        const deadLetters = Array.from({ length: batch.letters }, (_, index) => ({ index, reason: "r" }));
        const processed = { batches: [], warnings: [], deadLetters, unparsed: batch.unparsed };
        ledger.leaveOut(counts, outcome, { ...processed, discarded: { drop, unrouted } }, kept);
        lost.drop += drop;
        lost.unrouted += unrouted;
        lost.no_dead_letter_queue += batch.letters - kept;
        letters += kept;
      }
      for (const { received, ...others } of [...ledger.inputs.values(), ledger.sum()]) {
        assert.equal(received, Object.values(others).reduce((sum, count) => sum + count, 0));
        assert.ok(Object.values(others).every((count) => count >= 0));
      }
      const summary = summaryOf(ledger);
      assert.equal(summary.lines_dead_lettered, letters);
      const { drop = 0, unrouted = 0, no_dead_letter_queue = 0 } = summary.discarded_by ?? {};
      assert.deepEqual({ drop, unrouted, no_dead_letter_queue }, lost);
    }),
    { numRuns: 200 },
  );
});

Deno.test("Ledger says nothing of reasons and inputs that there are not", () => {
  const ledger = new Ledger();
  assert.deepEqual(summaryOf(ledger), {
    lines_received: 0,
    lines_delivered: 0,
    lines_discarded: 0,
    lines_dead_lettered: 0,
    lines_unparsed: 0,
    lines_failed: 0,
    lines_in_flight: 0,
  });
  assert.equal(ledger.of("a"), ledger.of("a"));
  assert.deepEqual([...ledger.inputs.keys()], ["a"]);
});

Deno.test("Ledger adds up the outputs that had a name one after the other", () => {
  const ledger = new Ledger();
  const zero = { received: 0, delivered: 0, dropped: 0, deadLettered: 0, lost: 0, failed: 0, inFlight: 0 };
  let first = { ...zero, received: 5, delivered: 2, inFlight: 3 };
  ledger.followOutput("log", () => first, true);
  first = { ...first, received: 6, delivered: 3 };
  assert.deepEqual(summaryOf(ledger).outputs, { log: { received: 6, delivered: 3, in_flight: 3 } });
  // The successor finds on disk what the first one had not delivered.
  ledger.followOutput("log", () => ({ ...zero, received: 3, delivered: 2, deadLettered: 1 }), true);
  assert.deepEqual(summaryOf(ledger).outputs, { log: { received: 6, delivered: 5, dead_lettered: 1 } });
  // Without a log of its own, it leaves there what the one before it left.
  ledger.followOutput("bare", () => ({ ...zero, received: 4, delivered: 1, inFlight: 3 }), true);
  ledger.followOutput("bare", () => ({ ...zero, received: 2, delivered: 2 }), false);
  assert.deepEqual(summaryOf(ledger).outputs!["bare"], { received: 6, delivered: 3, in_flight: 3 });
});
