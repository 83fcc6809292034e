import type { AgentProcess } from "./agent_process.ts";
import { appendJson } from "./event_lines.ts";
import { LineWriter } from "./line_writer.ts";
import { savedLines } from "./saved_lines.ts";
import type { Block, Workspace } from "./workspace.ts";

/** Configures an output with small batches and short times, for lines of JSON. */
export function configureOutput(space: Workspace, type: string, block: Block, rest: Block = {}): void {
  space.configure({
    output: { type, [type]: { batch_size: 100, batch_timeout: "20ms", timeout: "300ms", ...block } },
    rest: {
      parser: { type: "json" },
      reliability: {
        retry: { initial_backoff: "10ms", max_backoff: "50ms" },
        circuit_breaker: { failure_threshold: 3, timeout: "100ms" },
      },
      ...rest,
    },
  });
}

/** The moment that line `sequence` tells of: the same whenever it is read. */
export function timeOf(sequence: number): string {
  return new Date(Date.UTC(2026, 10, 25, 10) + sequence).toISOString();
}

/**
 * Has an agent killed while it delivers lines, and another one go on with those and more. `arrived`: how many records
 * are at the destination. `inFlight`: how many were there without the first agent having noted that.
 */
export async function killWhileDelivering(
  space: Workspace,
  arrived: () => number,
): Promise<{ readonly agent: AgentProcess; readonly writer: LineWriter; readonly inFlight: number }> {
  const writer = new LineWriter("w");
  const write = (lines: number) =>
    appendJson(space.log(), writer, lines, (sequence) => ({ time: timeOf(sequence) }));
  write(2000);
  const first = space.start();
  await first.until("records", () => arrived() >= 300);
  await first.kill();
  const inFlight = Math.max(arrived() - await savedLines(space), 0);
  write(500);
  return { agent: space.start(), writer, inFlight };
}
