import { resolveTimeZone, type TimeZone } from "../time_zone.ts";
import { AutoParser, Rfc3339Parser } from "./auto.ts";
import { EpochParser } from "./epoch.ts";
import { goLayoutSteps } from "./go_layout.ts";
import { timeFormatHint } from "./hint.ts";
import { LayoutParser } from "./layout_parser.ts";
import { compileSteps, type Step } from "./steps.ts";
import { strptimeSteps } from "./strptime.ts";
import type { TimeParser } from "./time_parser.ts";
import { wordFormat } from "./words.ts";

export type { TimeParser } from "./time_parser.ts";

/** What a time format needs to know beside the text. */
export interface TimeFormatOptions {
  /** Zone of times that name none, as `resolveTimeZone` takes it. */
  readonly timezone: string;
  /** The present, in milliseconds since 1970: it tells the year of times without one. */
  readonly now: () => number;
}

/**
 * Compiles a time format: a Go layout, strptime, or a word such as `rfc3339` or `unix_ms`; undefined: common layouts are
 * tried, the one that fitted last first. Throws an Error that says what is wrong with the format or the time zone.
 * The parser has state: one for each place where times are read is fastest.
 */
export function compileTimeFormat(format: string | undefined, options: TimeFormatOptions): TimeParser {
  const zone = resolveTimeZone(options.timezone);
  if (format === undefined) return new AutoParser(zone, options.now);
  const trimmed = format.trim();
  const word = wordFormat(trimmed);
  switch (word?.kind) {
    case "auto":
      return new AutoParser(zone, options.now);
    case "rfc3339":
      return new Rfc3339Parser(zone);
    case "epoch":
      return new EpochParser(word.unit);
    case "layout":
      return compile(word.layout, goLayoutSteps, zone, options.now);
  }
  if (trimmed.includes("%")) return compile(trimmed, strptimeSteps, zone, options.now);
  // Go takes any text as a layout, but without a digit there is neither a date nor a time in it.
  if (!/\d/u.test(trimmed)) {
    throw new Error(`${JSON.stringify(format)} is no time format;${timeFormatHint(trimmed)}`);
  }
  return compile(trimmed, goLayoutSteps, zone, options.now);
}

function compile(
  format: string,
  stepsOf: (format: string) => readonly Step[],
  zone: TimeZone,
  now: () => number,
): TimeParser {
  let compiled;
  try {
    compiled = compileSteps(stepsOf(format));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${JSON.stringify(format)} is no time format: ${reason};${timeFormatHint(format)}`, {
      cause: error,
    });
  }
  return new LayoutParser(compiled, zone, now);
}
