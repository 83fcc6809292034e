import { isDeepStrictEqual } from "node:util";
import type { Config, InputEntry, OutputEntry } from "./config.ts";

/** How a list of named entries became another; entries of the new list but for `removed`. */
export interface Changes<Entry> {
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
  readonly changed: readonly { readonly before: Entry; readonly after: Entry }[];
  readonly unchanged: readonly Entry[];
}

/** What a reload has to do. */
export interface ConfigDiff {
  readonly inputs: Changes<InputEntry>;
  readonly outputs: Changes<OutputEntry>;
  /** Other sections that differ, for example `logging`. */
  readonly sections: readonly Exclude<keyof Config, "inputs" | "outputs">[];
}

/** Compares two configurations. Entries are the same by name; where in the file they stand makes no difference. */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Config>;
  const sections = [...keys].filter((key) => key !== "inputs" && key !== "outputs");
  return {
    inputs: compare(before.inputs, after.inputs),
    outputs: compare(before.outputs, after.outputs),
    sections: sections.filter((key) => !isDeepStrictEqual(before[key], after[key])),
  };
}

function compare<Entry extends InputEntry | OutputEntry>(
  before: readonly Entry[],
  after: readonly Entry[],
): Changes<Entry> {
  const old = new Map(before.map((entry) => [entry.name, entry]));
  const names = new Set(after.map(({ name }) => name));
  const added: Entry[] = [];
  const changed: { before: Entry; after: Entry }[] = [];
  const unchanged: Entry[] = [];
  for (const entry of after) {
    const earlier = old.get(entry.name);
    if (earlier === undefined) added.push(entry);
    else if (isDeepStrictEqual({ ...earlier, path: "" }, { ...entry, path: "" })) unchanged.push(entry);
    else changed.push({ before: earlier, after: entry });
  }
  return { added, removed: before.filter(({ name }) => !names.has(name)), changed, unchanged };
}

/** The names of what changed, for a log line; without what stayed. */
export function describeChanges(
  { inputs, outputs, sections }: ConfigDiff,
): Record<string, readonly string[]> {
  const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name);
  const all = {
    inputs_added: names(inputs.added),
    inputs_changed: names(inputs.changed.map(({ after }) => after)),
    inputs_removed: names(inputs.removed),
    outputs_added: names(outputs.added),
    outputs_changed: names(outputs.changed.map(({ after }) => after)),
    outputs_removed: names(outputs.removed),
    sections_changed: sections,
  };
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
}
