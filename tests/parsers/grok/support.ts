import { newEvent } from "../../../src/event.ts";
import { createGrokParser } from "../../../src/parsers/grok/grok.ts";
import type { Parser } from "../../../src/parsers/parser.ts";
import type { ParserOwn } from "../../../src/parsers/parser_config.ts";

/** A configuration with the defaults of the schema. */
export function grokConfig(pattern: string, changes: Partial<ParserOwn<"grok">> = {}): ParserOwn<"grok"> {
  return {
    grok_pattern: pattern,
    pattern: undefined,
    pattern_definitions: {},
    patterns_dir: [],
    ecs_compatibility: "disabled",
    named_captures_only: true,
    keep_empty_captures: false,
    ...changes,
  };
}

/** A context whose directories are given, and that keeps warnings. */
export function testContext(directories: Record<string, Record<string, string>> = {}) {
  const warnings: string[] = [];
  const encoder = new TextEncoder();
  return {
    warnings,
    now: () => 0,
    warn: (message: string) => void warnings.push(message),
    resources: {
      file: (path: string): Uint8Array => {
        throw new Error(`Cannot read "${path}": no such file`);
      },
      directory: (path: string): Map<string, Uint8Array> => {
        const files = directories[path];
        if (files === undefined) throw new Error(`Cannot read "${path}": no such directory`);
        return new Map(Object.entries(files).map(([name, text]) => [name, encoder.encode(text)]));
      },
    },
  };
}

/** The fields that a parser makes of a line, without those that count as absent; undefined if it does not match. */
export function fieldsOf(parser: Parser, line: string): unknown {
  const event = newEvent({ input: "test", stream: "test", labels: {} });
  return parser.parse(line, event) ? present(event.fields) : undefined;
}

/** The fields that a pattern makes of a line. */
export async function grok(
  pattern: string,
  line: string,
  changes: Partial<ParserOwn<"grok">> = {},
): Promise<unknown> {
  return fieldsOf(await createGrokParser(grokConfig(pattern, changes), testContext()), line);
}

function present(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const there = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(there.map(([key, inner]) => [key, present(inner)]));
}
