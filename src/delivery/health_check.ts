import { reasonOf } from "../lib/reason.ts";
import { within } from "../lib/within.ts";
import type { RunningLine } from "./output_line.ts";

/**
 * What is wrong with the destinations of these outputs, by name: that they cannot be opened, or do not answer as they
 * should. Those that are well, and those that cannot tell, are not in it. `patience`: in ms.
 */
export async function checkHealth(
  lines: readonly RunningLine[],
  patience: number,
): Promise<Map<string, string>> {
  const reasons = await Promise.all(lines.map((line) => troubleOf(line, patience)));
  const sick = new Map<string, string>();
  for (const [index, { name }] of lines.entries()) {
    const reason = reasons[index];
    if (reason !== undefined) sick.set(name, reason);
  }
  return sick;
}

async function troubleOf({ whenOpen, output }: RunningLine, patience: number): Promise<string | undefined> {
  if (!(await within(whenOpen, patience))) return "it could not be opened";
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patience);
  try {
    await output.probe?.(late.signal);
    return undefined;
  } catch (error) {
    return late.signal.aborted ? "it did not answer in time" : reasonOf(error);
  } finally {
    clearTimeout(timer);
  }
}
