import type { Inspection, Snapshot } from "../processing/inspector.ts";
import { differences } from "./differences.ts";
import { becomeSandbox, type Inspectable, loadInspectable, readSample, snapshotJson } from "./inspection.ts";
import { recordsOfText } from "./records_of_text.ts";
import { refuse } from "./validate.ts";

export interface ExplainOptions {
  readonly config: string;
  /** Name of the input whose way is shown; the first one without it. */
  readonly input: string | undefined;
  /** Which record of the sample is shown, from 1. */
  readonly record: string | undefined;
  /** A file with records, or `-` for standard input. */
  readonly sample: string;
}

/** Shows one record after every step on its way. Resolves with the exit code. */
export async function explain(
  { config, input, record: wanted = "1", sample }: ExplainOptions,
): Promise<number> {
  let inspectable: Inspectable;
  try {
    inspectable = await loadInspectable(config);
  } catch (error) {
    return refuse(error);
  }
  const { inputs } = inspectable.loaded.config;
  const entry = inputs.find(({ name }) => input === undefined || name === input);
  if (entry === undefined) {
    console.error(`There is no input "${input}"; known: ${inputs.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const records = recordsOfText(await readSample(sample), entry.parsers);
  const number = Number(wanted);
  const record = records[number - 1];
  if (record === undefined) {
    console.error(`"${sample}" has no record ${wanted}; it has ${records.length}`);
    return 2;
  }
  await becomeSandbox();
  const inspector = await inspectable.inspector(entry.name);
  const stream = sample === "-" ? "stdin" : sample;
  const source = { input: entry.name, stream, labels: { file: stream.split("/").at(-1) ?? stream } };
  for (const warning of inspector?.planWarnings ?? []) console.error(`warning: ${warning}`);
  const inspection = inspector?.inspect(record, source, Date.now());
  for (const line of inspection === undefined ? [] : report(record, inspection)) console.log(line);
  return 0;
}

function report(record: string, { steps, event, outputs, warnings }: Inspection): string[] {
  const lines = ["record", ...indented(record)];
  let before: Snapshot | undefined;
  for (const { name, after } of steps) {
    lines.push("", name);
    if (after === undefined) {
      lines.push("  drops it");
      continue;
    }
    lines.push(...(before === undefined ? indented(pretty(after)) : changes(before, after)));
    before = after;
  }
  if (event !== undefined) {
    lines.push("", "event", ...indented(snapshotJson(event)));
    lines.push("", outputs.length === 0 ? "no output takes it" : `goes to ${outputs.join(", ")}`);
  }
  return [...lines, ...(warnings.length === 0 ? [] : ["", "warnings", ...warnings.flatMap(indented)])];
}

function changes(before: Snapshot, after: Snapshot): string[] {
  const found = differences(valueOf(before), valueOf(after), true);
  if (found.length === 0) return ["  changes nothing"];
  return found.flatMap(({ path, expected, actual }) => [
    ...(expected === undefined ? [] : [`  - ${path}: ${expected}`]),
    ...(actual === undefined ? [] : [`  + ${path}: ${actual}`]),
  ]);
}

/** As event JSON has it, with the routes. */
function valueOf(snapshot: Snapshot): unknown {
  const { routes } = snapshot;
  return { ...JSON.parse(snapshotJson(snapshot)), ...(routes === undefined ? {} : { routes }) };
}

function pretty(snapshot: Snapshot): string {
  return JSON.stringify(valueOf(snapshot), undefined, 2);
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}
