import fc from "fast-check";
import type { ProcessingContext } from "../../src/component.ts";
import { type Fields, type Level, newEvent } from "../../src/event.ts";
import type { Parser } from "../../src/parsers/parser.ts";

/** What a parser has made of a line; fields that are undefined are left out. */
export interface ParsedLine {
  readonly fields: Fields;
  readonly message: string;
  readonly level: Level | undefined;
  /** RFC 3339, or undefined if the parser has set no time. */
  readonly time: string | undefined;
  readonly timestamp: number;
  readonly timestampText: string | undefined;
}

/** The moment that `parserContext` says it is. */
export const NOW = Date.UTC(2026, 10, 25, 12);

/** A context without files, at a fixed time. */
export const parserContext: ProcessingContext = {
  resources: {
    file: (path) => {
      throw new Error(`no file ${path}`);
    },
    directory: (path) => {
      throw new Error(`no directory ${path}`);
    },
  },
  now: () => NOW,
  warn: () => {},
};

/** Parses one line. Undefined: it is not in this format; that the event is as before then is checked. */
export function parseLine(parser: Parser, line: string, stream = "test"): ParsedLine | undefined {
  const event = newEvent({ input: "test", stream, labels: {} });
  event.message = "the line";
  const before = { ...event };
  if (!parser.parse(line, event)) {
    for (const [key, value] of Object.entries(before)) {
      if (event[key as keyof typeof event] !== value) throw new Error(`a refused line has changed ${key}`);
    }
    return undefined;
  }
  const fields: Fields = {};
  for (const [key, value] of Object.entries(event.fields)) {
    if (value !== undefined) Object.defineProperty(fields, key, { value, enumerable: true });
  }
  const { message, level, timestamp, timestampText } = event;
  const time = timestamp === 0 ? undefined : new Date(timestamp).toISOString();
  return { fields, message, level, time, timestamp, timestampText };
}

/** Any text, and the given lines cut, joined and with characters in the wrong places. */
export function anyLine(...samples: readonly string[]): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...samples);
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom(
      " ",
      '"',
      "'",
      "\\",
      "[",
      "]",
      "<",
      ">",
      ":",
      "=",
      "-",
      "{",
      "}",
      ",",
      "\n",
      "\0",
      "1",
      "é",
      "😀",
    ),
  );
  const mangled = fc.tuple(sample, fc.nat(300), fc.nat(40), piece).map(([line, at, cut, put]) =>
    line.slice(0, at) + put + line.slice(at + cut)
  );
  const crossed = fc.tuple(sample, fc.nat(300), sample, fc.nat(300)).map(([first, to, second, from]) =>
    first.slice(0, to) + second.slice(from)
  );
  return fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.string(), mangled, mangled, crossed);
}

/** Checks that a parser throws for no line, and that what it takes can be told in full. */
export function neverThrows(parser: Parser, ...samples: readonly string[]): void {
  fc.assert(
    fc.property(anyLine(...samples), (line) => {
      const parsed = parseLine(parser, line);
      return parsed === undefined || (typeof parsed.message === "string" && !Number.isNaN(parsed.timestamp));
    }),
    { numRuns: 1000 },
  );
}
