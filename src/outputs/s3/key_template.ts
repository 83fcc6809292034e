import { compileEventTemplate, type EventValue } from "../../encoding/event_template.ts";
import { textOf } from "../../encoding/field_value.ts";
import type { LogEvent } from "../../event.ts";
import { crc32 } from "../../lib/crc32.ts";
import { KeyError } from "../../lib/key_error.ts";
import { compileStrftime, type TimeFormat } from "../../lib/strftime.ts";
import { parseTemplate } from "../../lib/template.ts";

/**
 * What stands in a partition for the parts of a key that depend on the object: control characters, which neither
 * templates nor values can hold.
 */
const ID = "\x01";
const UNIX_SECONDS = "\x02";
const UNIX_NANOSECONDS = "\x03";
const SECOND = "\x04";

/** Times by their names in Go templates. */
const GO_TIMES: Readonly<Record<string, string>> = {
  ".Year": "%Y",
  ".Month": "%m",
  ".Day": "%d",
  ".Hour": "%H",
  ".Minute": "%M",
  ".Second": "%S",
  ".Timestamp": "%s",
  ".UnixNano": UNIX_NANOSECONDS,
};
/** Times that are those of the object's first record: records of different seconds may share an object. */
const OBJECT_TIMES: Readonly<Record<string, string>> = {
  "%S": SECOND,
  "%s": UNIX_SECONDS,
  "%T": `%H:%M:${SECOND}`,
};
/** Values that hardly two records share. */
const OWN_OF_EACH_RECORD: ReadonlySet<string> = new Set(["message", "timestamp"]);

/** Longest key that S3 takes, in bytes. */
const LONGEST_KEY = 1024;
/** Room for the id, the digits of times, and what compression adds. */
const RESERVED = 200;
/** Longest value in a key, in bytes: file systems behind servers that speak S3 take 255 in a name. */
const LONGEST_VALUE = 128;
const SHORTEST_VALUE = 16;
/** The last moment of the year 9999. */
const LAST_TIME = 253_402_300_799_999;
const MINUTE = 60_000;
/** What a value is called that an event does not have. */
const UNKNOWN = "unknown";

type EventText = (event: LogEvent) => string;
type Part = { readonly text: string } | { readonly time: TimeFormat } | { readonly value: EventValue };
type Piece = { readonly text: string } | { readonly time: TimeFormat } | { readonly value: EventText };

/**
 * Compiles the beginning of all keys and the template of what follows. The answer is the partition of an event: the
 * key of its object, but for what depends on the object. Throws KeyError.
 */
export function compilePartition(prefix: string, template: string): EventText {
  const parts = withId([{ text: prefix }, ...split(template)]);
  checkSegments(`${prefix}${template}`);
  const literal = parts.reduce((sum, part) => sum + ("text" in part ? byteLength(part.text) : 0), 0);
  const values = parts.filter((part) => "value" in part).length;
  const room = Math.min(LONGEST_VALUE, Math.floor((LONGEST_KEY - RESERVED - literal) / Math.max(1, values)));
  if (room < SHORTEST_VALUE) {
    throw new KeyError("key_template", `is too long with its prefix; keys have at most ${LONGEST_KEY} bytes`);
  }
  const pieces = parts.map((part): Piece => "value" in part ? { value: confined(part.value, room) } : part);
  let minute = NaN;
  let times: string[] = [];
  let whole: string | undefined;
  return (event) => {
    const time = Math.min(Math.max(event.timestamp, 0), LAST_TIME) || 0;
    if (Math.floor(time / MINUTE) !== minute) {
      minute = Math.floor(time / MINUTE);
      times = pieces.map((piece) => "time" in piece ? piece.time(time) : "text" in piece ? piece.text : "");
      whole = values === 0 ? times.join("") : undefined;
    }
    if (whole !== undefined) return whole;
    let partition = "";
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index];
      if (piece !== undefined) partition += "value" in piece ? piece.value(event) : times[index] ?? "";
    }
    return partition;
  };
}

/** What the key of an object has beside its partition. */
export interface ObjectParts {
  /** What no other object of any agent has. */
  readonly id: string;
  /** Of the first record: whole seconds since 1970, and the digits of nine that follow. */
  readonly seconds: number;
  readonly nanoseconds: string;
  /** What compression adds to names, such as ".gz". */
  readonly extension: string;
}

/** The key of an object whose records have this partition. */
export function objectKey(partition: string, { id, seconds, nanoseconds, extension }: ObjectParts): string {
  const second = String(((seconds % 60) + 60) % 60).padStart(2, "0");
  const key = partition
    .replaceAll(ID, id)
    .replaceAll(UNIX_SECONDS, String(seconds))
    .replaceAll(UNIX_NANOSECONDS, `${seconds}${nanoseconds}`)
    .replaceAll(SECOND, second);
  return key.endsWith(extension) ? key : key + extension;
}

function split(template: string): Part[] {
  try {
    return parseTemplate(template).flatMap((part) => "name" in part ? partOf(part.name) : timed(part.text));
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError("key_template", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function partOf(name: string): Part[] {
  const time = GO_TIMES[name];
  if (time !== undefined) return time === UNIX_NANOSECONDS ? [{ text: time }] : timed(time);
  if (name === "id") return [{ text: ID }];
  if (name.startsWith(".")) {
    const known = Object.keys(GO_TIMES).join(", ");
    throw new KeyError("key_template", `has no "{{${name}}}"; known: ${known}`);
  }
  if (OWN_OF_EACH_RECORD.has(name)) {
    throw new KeyError("key_template", `"{{ ${name} }}" would put each record into an object of its own`);
  }
  return [{ value: compileEventTemplate(`{{ ${name} }}`, "key_template") }];
}

/** A text in which "%Y" and the like stand for times. */
function timed(text: string): Part[] {
  return text.split(/(%.?)/su).flatMap((piece): Part[] => {
    if (!piece.startsWith("%")) return piece === "" ? [] : [{ text: piece }];
    if (piece === "%%") return [{ text: "%" }];
    const own = OBJECT_TIMES[piece];
    if (own === undefined) return [{ time: compileStrftime(piece, "utc") }];
    return own.startsWith("%") ? [{ time: compileStrftime("%H:%M:", "utc") }, { text: SECOND }] : [{
      text: own,
    }];
  });
}

/** Puts the id before the extension of the name, unless the template says where it stands. */
function withId(parts: readonly Part[]): Part[] {
  if (parts.some((part) => "text" in part && part.text === ID)) return [...parts];
  const last = parts.at(-1);
  if (last === undefined || !("text" in last)) return [...parts, { text: `-${ID}` }];
  const name = last.text.lastIndexOf("/") + 1;
  const dot = last.text.indexOf(".", name);
  const end = dot === -1 ? last.text.length : dot;
  const before = last.text.slice(0, end);
  const previous = parts.at(-2);
  const begins = previous === undefined || ("text" in previous && /(?:^|\/)$/u.test(previous.text));
  const isFirst = end === name && (name > 0 || begins);
  return [...parts.slice(0, -1), { text: `${before}${isFirst ? "" : "-"}${ID}${last.text.slice(end)}` }];
}

function checkSegments(template: string): void {
  if (/\p{Cc}/u.test(template)) {
    throw new KeyError(
      "key_template",
      "holds a control character, or its prefix does; keys cannot have them",
    );
  }
  // What URLs and file systems take for another place.
  const odd = template.split("/").find((segment) => segment === "." || segment === "..");
  if (odd !== undefined) throw new KeyError("key_template", `has the part "${odd}", or its prefix does`);
}

const HARMLESS = /^[\w=@+-][\w.=@+: -]*$/u;

/** A value as a part of a key: it never leads to another place, and has at most `room` bytes. */
function confined(value: EventValue, room: number): EventText {
  let lastText: string | undefined;
  let lastName = "";
  return (event) => {
    const found = value(event);
    if (found === undefined || found === null) return UNKNOWN;
    const text = typeof found === "string" ? found : textOf(found);
    // Records that follow each other mostly have the same.
    if (text !== lastText) {
      lastName = text.length <= room && HARMLESS.test(text) ? text : confine(text, room);
      lastText = text;
    }
    return lastName;
  };
}

function confine(text: string, room: number): string {
  const name = text.toWellFormed()
    .replace(/[/\\\p{Cc}\u2028\u2029\ufffe\uffff]/gu, "_")
    .replace(/^\.+/u, (dots) => "_".repeat(dots.length));
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= room) return name === "" ? "_" : name;
  let end = room - 9;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  // The checksum keeps long names apart that begin alike.
  return `${new TextDecoder().decode(bytes.subarray(0, end))}~${crc32(bytes).toString(16).padStart(8, "0")}`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
