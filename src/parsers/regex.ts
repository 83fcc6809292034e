import { KeyError } from "../lib/key_error.ts";
import { compileNamedRegExp, type NamedRegExp, PatternError } from "../lib/regular_expression.ts";
import { type Capture, createCaptureParser } from "./capture_fields.ts";
import type { Parser } from "./parser.ts";
import type { ParserOwn } from "./parser_config.ts";

/** A parser that makes a field of each named group. Throws KeyError if the pattern is wrong or names no group. */
export function createRegexParser({ pattern }: ParserOwn<"regex">): Parser {
  const { regexp, names, required } = compile(pattern);
  const captures = names.flatMap((name, group): Capture[] => {
    return name === undefined ? [] : [{ group, path: [name], type: "string" }];
  });
  if (captures.length === 0) {
    throw new KeyError(
      "pattern",
      `"${pattern}" names no group, so it gives no field; write (?<name>…) or (?P<name>…)`,
    );
  }
  return createCaptureParser({ regexp, multiline: undefined, captures, required, keepEmpty: true });
}

function compile(pattern: string): NamedRegExp {
  try {
    return compileNamedRegExp(pattern, { namedOnly: true });
  } catch (error) {
    if (error instanceof PatternError) throw new KeyError("pattern", error.message, { cause: error });
    throw error;
  }
}
