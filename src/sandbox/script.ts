import type { Fields, LogEvent } from "../event.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { KeyError } from "../lib/key_error.ts";
import { type CheckedScript, checkScript } from "./check_script.ts";
import { cleanFields } from "./clean_fields.ts";
import { parseCode } from "./code.ts";
import { readBack } from "./read_back.ts";
import { compileChecked, screen, ScriptRegExp, userCode } from "./realm.ts";
import { Troubles } from "./troubles.ts";
import { SCRIPT_GLOBALS } from "./vocabulary.ts";

/** Where code of the user's stands, and who is told when it fails. */
export interface CodeOptions {
  /** Key of the configuration. */
  readonly key: string;
  warn(message: string): void;
}

/** Changes the event in place; undefined drops the record. Never throws. */
export type Script = (event: LogEvent) => LogEvent | undefined;

const FRAME = { before: '(function (event) {"use strict";\n', after: "\n})", preserveParens: false };

/** The code begins in this line of what V8 compiles: two lines stand before a function's body, one is the frame's. */
const FIRST_LINE = 4;

/** Checks a script without running it; throws KeyError with line and column for what is wrong with it. */
export async function parseScript(code: string, key: string): Promise<CheckedScript> {
  return checkScript(await parseCode(code, key, FRAME));
}

/**
 * Compiles a script, the body of a function of `event`. What it throws is told, and the record passes on: message,
 * level and timestamp as they were, the fields with what was changed in them before. Throws KeyError for code that is
 * wrong, and an Error where `hardenRealm` was not called before.
 */
export async function compileScript(code: string, { key, warn }: CodeOptions): Promise<Script> {
  const { text, screenName, leavesPlainData } = await parseScript(code, key);
  if (!userCode.isContained) {
    throw new Error("Cannot compile a script: this realm is not hardened; hardenRealm must be called first");
  }
  const script = compile(text, screenName, key);
  const troubles = new Troubles({
    what: `script under "${key}"`,
    consequence: "the record passes on with what was changed in its fields before",
    firstLine: FIRST_LINE,
    warn,
  });
  // A function of its own for each script, so that V8 sees one target at the call.
  return generateFunction<Script>(
    `function runScript(event) {
      const { source, fields } = event;
      const view = {
        timestamp: event.timestamp,
        message: event.message,
        level: event.level,
        source: source.stream,
        input: source.input,
        fields,
      };
      let result;
      let trouble;
      userCode.runs = true;
      try {
        result = script(view);
      } catch (error) {
        trouble = troubles.describe(error);
      } finally {
        userCode.runs = false;
      }
      if (trouble === undefined) return readBack(event, view, result, clean, troubles);
      troubles.tell(trouble);
      event.fields = clean(fields);
      return event;
    }`,
    { script, userCode, troubles, readBack, clean: leavesPlainData ? asTheyAre : cleanFields },
  );
}

function asTheyAre(fields: Fields): Fields {
  return fields;
}

function compile(text: string, screenName: string, key: string): (view: unknown) => unknown {
  try {
    return compileChecked(text, SCRIPT_GLOBALS, { RegExp: ScriptRegExp, [screenName]: screen });
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
