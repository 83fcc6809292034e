import type { ProcessingContext } from "../component.ts";
import type { FieldValue, LogEvent } from "../event.ts";
import { compileFieldPath, type FieldPath } from "../lib/field_path.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { KeyError } from "../lib/key_error.ts";
import { parseLevel } from "../lib/level.ts";
import { isCanonicalRfc3339 } from "../lib/rfc3339.ts";
import { compileTimeFormat, type TimeParser } from "../lib/time_format/compile_time_format.ts";
import type { ParserCommon } from "../parsers/parser_config.ts";
import type { KnownFields } from "../parsers/registry.ts";

/** Moves what every record has out of the fields: time, level and message. */
export type Extraction = (event: LogEvent) => void;

/** Takes a value, or answers false: then it stays a field. */
type Setter = (event: LogEvent, value: FieldValue) => boolean;

/** Names of the fields in which a parser's time, level and message are looked for, first one first. */
export function extractedFields(known: KnownFields, config: ParserCommon): KnownFields {
  const { time_field: time, level_field: level, message_field: message } = config;
  return {
    time: time === undefined ? known.time : [time],
    level: level === undefined ? known.level : [level],
    message: message === undefined ? known.message : [message],
  };
}

/** Enough of a value to be known again. */
const EXAMPLE_LENGTH = 100;

/** The parser of a record's time. Throws KeyError for a format or a time zone that there is not. */
export function timeParserOf(config: ParserCommon, { now }: Pick<ProcessingContext, "now">): TimeParser {
  const { time_format: format, timezone } = config;
  try {
    return compileTimeFormat(format, { timezone, now });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new KeyError(/time ?zone/i.test(message) ? "timezone" : "time_format", message, { cause: error });
  }
}

/**
 * Compiles the extraction. Field names stand in generated code, so that V8 looks each up in one step; those that are
 * paths go through {@link compileFieldPath}. Throws KeyError for what is no path, no time format and no time zone.
 */
export function compileExtraction(
  known: KnownFields,
  config: ParserCommon,
  context: ProcessingContext,
): Extraction {
  const fields = extractedFields(known, config);
  const { time_field: timeField } = config;
  const parser = timeParserOf(config, context);
  // Many records of one second have the same text.
  let lastText = "";
  let lastTime = 0;
  let isLastCanonical = false;
  // The event has the time of its arrival so far. What a text without a date or a year means depends on that.
  let lastArrival = 0;
  /** One text, with the first value: as many as there are values would flood the log. */
  let complaint = "";
  const setTime: Setter = (event, value) => {
    if (value === lastText && event.timestamp === lastArrival && lastText !== "") {
      event.timestamp = lastTime;
      event.timestampText = isLastCanonical ? lastText : undefined;
      return true;
    }
    const text = typeof value === "bigint" ? String(value) : value;
    if (typeof text !== "string" && typeof text !== "number") return false;
    const time = parser.parse(text);
    if (time !== time) {
      if (timeField !== undefined) {
        complaint ||= `Cannot read the time in the field "${timeField}", for example "${
          String(text).slice(0, EXAMPLE_LENGTH)
        }"; it stays a field`;
        context.warn(complaint);
      }
      return false;
    }
    lastArrival = event.timestamp;
    event.timestamp = time;
    event.timestampText = undefined;
    if (typeof text !== "string") return true;
    lastText = text;
    lastTime = time;
    isLastCanonical = isCanonicalRfc3339(text);
    if (isLastCanonical) event.timestampText = text;
    return true;
  };
  const body: string[] = ["const f = event.fields; let v;"];
  const paths: FieldPath[] = [];
  const look = (names: readonly string[], setter: string, label: string) => {
    if (names.length === 0) return;
    body.push(`${label}: {`);
    for (const name of names) {
      const path = fieldPath(name, `${label}_field`);
      if (path.direct) {
        const key = JSON.stringify(name);
        body.push(
          `v = f[${key}]; if (v !== undefined && ${setter}(event, v)) { f[${key}] = undefined; break ${label}; }`,
        );
      } else {
        const index = paths.push(path) - 1;
        body.push(
          `v = paths[${index}].get(f); if (v !== undefined && ${setter}(event, v)) { paths[${index}].remove(f); break ${label}; }`,
        );
      }
    }
    body.push("}");
  };
  look(fields.time, "setTime", "time");
  look(fields.level, "setLevel", "level");
  look(fields.message, "setMessage", "message");
  return generateFunction<Extraction>(`function extract(event) {\n${body.join("\n")}\n}`, {
    paths,
    setTime,
    setLevel,
    setMessage,
  });
}

function fieldPath(text: string, key: string): FieldPath {
  try {
    return compileFieldPath(text);
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const setLevel: Setter = (event, value) => {
  const level = parseLevel(value);
  if (level === undefined) return false;
  event.level = level;
  return true;
};

const setMessage: Setter = (event, value) => {
  if (typeof value === "string") event.message = value;
  else if (typeof value === "object") return false;
  else event.message = String(value);
  return true;
};
