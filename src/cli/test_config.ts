import type { Config } from "../config/config.ts";
import { locate } from "../config/load.ts";
import type { Source } from "../event.ts";
import type { Inspector, Snapshot } from "../processing/inspector.ts";
import { type Difference, differences } from "./differences.ts";
import { becomeSandbox, type Inspectable, loadInspectable, snapshotJson } from "./inspection.ts";
import { refuse } from "./validate.ts";

type TestCase = Config["tests"][number];

/** What is expected of a record that does not come out. */
const DROPPED = "dropped";

/**
 * Runs the tests that stand in a configuration and prints what differs. Resolves with 0 if all pass, with 1 if one
 * fails, with 2 if the configuration is wrong.
 */
export async function testConfig({ config: file }: { readonly config: string }): Promise<number> {
  let inspectable: Inspectable;
  try {
    inspectable = await loadInspectable(file);
  } catch (error) {
    return refuse(error);
  }
  const { loaded } = inspectable;
  const { tests } = loaded.config;
  await becomeSandbox();
  let failed = 0;
  for (const [index, test] of tests.entries()) {
    const { line } = locate(loaded.positions, `tests[${index}]`);
    const inspector = await inspectable.inspector(test.input);
    const mistakes = inspector === undefined
      ? [
        `there is no input "${test.input}"; known: ${
          loaded.config.inputs.map(({ name }) => name).join(", ")
        }`,
      ]
      : run(test, inspector);
    console.log(`${mistakes.length === 0 ? "ok    " : "FAILED"} ${test.name} (${file}:${line})`);
    for (const mistake of mistakes) console.log(`       ${mistake}`);
    if (mistakes.length > 0) failed++;
  }
  console.log(
    tests.length === 0 ? `${file} has no tests` : `${tests.length - failed} passed, ${failed} failed`,
  );
  return failed === 0 ? 0 : 1;
}

/** Runs one test and answers what is wrong, a line each. */
function run({ lines, source: stream, input, expect, exact }: TestCase, inspector: Inspector): string[] {
  const source: Source = { input: input ?? "", stream, labels: { file: stream.split("/").at(-1) ?? stream } };
  const mistakes: string[] = [];
  lines.forEach((line, index) => {
    const { event, warnings } = inspector.inspect(line, source, Date.now());
    mistakes.push(...warnings);
    if (index < expect.length) mistakes.push(...compare(expect[index], event, exact, index));
    else if (event !== undefined) {
      mistakes.push(`record ${index + 1} is not expected:`, `  + ${snapshotJson(event)}`);
    }
  });
  if (expect.length > lines.length) {
    mistakes.push(`${expect.length} events are expected of ${lines.length} lines`);
  }
  return mistakes;
}

function compare(expected: unknown, event: Snapshot | undefined, exact: boolean, index: number): string[] {
  const what = `record ${index + 1}`;
  if (expected === DROPPED || expected === null) {
    return event === undefined ? [] : [`${what} is not dropped:`, `  + ${snapshotJson(event)}`];
  }
  if (event === undefined) return [`${what} is dropped:`, `  - ${JSON.stringify(expected)}`];
  const actual = {
    ...JSON.parse(snapshotJson(event)),
    ...(event.routes === undefined ? {} : { routes: event.routes }),
  };
  const found = differences(expected, actual, false).concat(exact ? unexpectedFields(expected, actual) : []);
  return found.length === 0 ? [] : [`${what}:`, ...found.flatMap(tell)];
}

/** With `exact` only fields may not be more than expected: every event has a timestamp and a source. */
function unexpectedFields(expected: unknown, actual: { readonly fields: unknown }): Difference[] {
  const fields = (expected as { readonly fields?: unknown }).fields ?? {};
  const known = new Set(differences(fields, actual.fields, false, "fields").map(({ path }) => path));
  return differences(fields, actual.fields, true, "fields").filter(({ path }) => !known.has(path));
}

function tell({ path, expected, actual }: Difference): string[] {
  return [
    ...(expected === undefined ? [] : [`  - ${path}: ${expected}`]),
    ...(actual === undefined ? [] : [`  + ${path}: ${actual}`]),
  ];
}
