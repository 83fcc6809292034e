import assert from "node:assert/strict";
import type { LogEntry } from "./log_reader.ts";

/** Entries of the log that tell what became of all records so far. */
export function summariesIn(log: readonly LogEntry[]): LogEntry[] {
  return log.filter(({ message, fields }) =>
    (message === "Summary" || message === "Stopped") && fields["lines_received"] !== undefined
  );
}

/** What an entry says of each output, in records. */
export function outputsIn({ fields }: LogEntry): Record<string, Record<string, number>> {
  return fields["outputs"] as Record<string, Record<string, number>> | undefined ?? {};
}

/** Throws unless the sums of an entry add up: those over the inputs, and those of each output. */
export function assertBalance({ line, fields }: LogEntry): void {
  const number = (name: string): number => {
    const value = fields[`lines_${name}`];
    assert.ok(typeof value === "number" && value >= 0, `lines_${name} is ${value} in ${line}`);
    return value;
  };
  const parts = ["delivered", "discarded", "dead_lettered", "failed", "in_flight"].map(number);
  assert.equal(number("received"), sumOf(parts), `the balance of the inputs: ${line}`);
  for (const [name, { received, ...others }] of Object.entries(outputsIn({ fields } as LogEntry))) {
    assert.ok(Object.values(others).every((records) => records >= 0), `less than none at "${name}": ${line}`);
    assert.equal(received, sumOf(Object.values(others)), `the balance of output "${name}": ${line}`);
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
