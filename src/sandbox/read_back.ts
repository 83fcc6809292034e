import type { Fields, LogEvent } from "../event.ts";
import { parseLevel } from "../lib/level.ts";
import { parseRfc3339 } from "../lib/rfc3339.ts";
import { cleanValue } from "./clean_fields.ts";
import type { Troubles } from "./troubles.ts";
import { EVENT_NAMES } from "./vocabulary.ts";

/** What a script gets as `event`: an object of its own for every record, so that nothing outlives the call. */
export interface EventView {
  timestamp: unknown;
  message: unknown;
  level: unknown;
  source: unknown;
  input: unknown;
  fields: unknown;
}

const { getTime } = Date.prototype;

/**
 * Takes over what a script has made of the view. Answers undefined if it dropped the record. `clean` makes plain JSON of
 * what may stand in the fields.
 */
export function readBack(
  event: LogEvent,
  view: EventView,
  result: unknown,
  clean: (fields: Fields) => Fields,
  troubles: Troubles,
): LogEvent | undefined {
  if (result !== undefined && result !== view) {
    if (result === null || result === false) return undefined;
    if (typeof result === "object" && !Array.isArray(result)) assignKnown(view, result);
    else if (result !== true) troubles.tell("it returned something else than event, null or nothing");
  }
  const { message, level, timestamp, fields } = view;
  if (message !== event.message) event.message = textOf(message);
  if (level !== event.level) setLevel(event, level, troubles);
  if (timestamp !== event.timestamp) setTimestamp(event, timestamp, troubles);
  if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) {
    event.fields = clean(fields as Fields);
  } else {
    if (fields !== undefined && fields !== null) troubles.tell("event.fields is no object");
    event.fields = fields === undefined || fields === null ? {} : clean(event.fields);
  }
  return event;
}

/** For scripts that end with `return { ...event, message: "…" }`. */
function assignKnown(view: EventView, result: object): void {
  for (const name of EVENT_NAMES) {
    if (Object.hasOwn(result, name)) {
      (view as unknown as Record<string, unknown>)[name] = (result as Record<string, unknown>)[name];
    }
  }
}

function textOf(message: unknown): string {
  if (typeof message === "string") return message;
  const value = cleanValue(message);
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return String(value);
  try {
    return JSON.stringify(value, (_, item: unknown) => typeof item === "bigint" ? String(item) : item);
  } catch {
    return "";
  }
}

function setLevel(event: LogEvent, level: unknown, troubles: Troubles): void {
  if (level === undefined || level === null) event.level = undefined;
  else {
    const known = typeof level === "string" || typeof level === "number" ? parseLevel(level) : undefined;
    if (known === undefined) troubles.tell("event.level is no level that is known, such as warn or error");
    else event.level = known;
  }
}

function setTimestamp(event: LogEvent, timestamp: unknown, troubles: Troubles): void {
  const moment = momentOf(timestamp);
  if (!Number.isFinite(moment)) {
    troubles.tell("event.timestamp is neither milliseconds since 1970, nor a Date, nor RFC 3339");
  } else if (moment !== event.timestamp) {
    event.timestamp = moment;
    event.timestampText = undefined;
  }
}

function momentOf(timestamp: unknown): number {
  if (typeof timestamp === "number") return timestamp;
  if (typeof timestamp === "string") return parseRfc3339(timestamp);
  try {
    return getTime.call(timestamp as Date);
  } catch {
    return Number.NaN;
  }
}
