import type { LogEvent } from "../event.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { KeyError } from "../lib/key_error.ts";
import { checkCondition, type CheckedCondition, CONDITION_GLOBALS } from "./check_condition.ts";
import { parseCode } from "./code.ts";
import { compileChecked } from "./realm.ts";
import type { CodeOptions } from "./script.ts";
import { Troubles } from "./troubles.ts";
import { EVENT_NAMES } from "./vocabulary.ts";

/** Whether a record fulfils a condition. Never throws and changes nothing. */
export type Condition = (event: LogEvent) => boolean;

const FRAME = { before: '(function () {"use strict"; return (\n', after: "\n)})", preserveParens: true };

/** The expression begins in this line of what V8 compiles. */
const FIRST_LINE = 4;

/** How the event gives the values that an expression may name. */
const VALUES: Readonly<Record<string, string>> = {
  timestamp: "event.timestamp",
  message: "event.message",
  level: "event.level",
  source: "event.source.stream",
  input: "event.source.input",
  fields: "event.fields",
};
const VIEW = `{ ${EVENT_NAMES.map((name) => `${name}: ${VALUES[name]}`).join(", ")} }`;

/** Checks a condition without running it; throws KeyError with line and column for what is wrong with it. */
export async function parseCondition(
  source: string,
  key: string,
): Promise<CheckedCondition> {
  return checkCondition(await parseCode(source, key, FRAME));
}

/**
 * Compiles a JavaScript expression over timestamp, message, level, source, input and fields. It reads only, so it may
 * run in any realm. What it throws counts as false, and is told. Throws KeyError for an expression that is wrong.
 */
export async function compileCondition(source: string, { key, warn }: CodeOptions): Promise<Condition> {
  const { expression, names } = await parseCondition(source, key);
  const test = compile(`function (${names.join(", ")}) { return ${expression}; }`, key);
  const troubles = new Troubles({
    what: `condition under "${key}"`,
    consequence: "it counts as false",
    firstLine: FIRST_LINE,
    warn,
  });
  const fail = (error: unknown): false => {
    troubles.tell(troubles.describe(error));
    return false;
  };
  const values = names.map((name) => name === "event" ? VIEW : VALUES[name]);
  return generateFunction<Condition>(
    `function condition(event) {
      try {
        return test(${values.join(", ")}) ? true : false;
      } catch (error) {
        return fail(error);
      }
    }`,
    { test, fail },
  );
}

function compile(text: string, key: string): (...values: unknown[]) => unknown {
  try {
    return compileChecked(text, CONDITION_GLOBALS, {});
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
