import type { Fields, LogEvent } from "../event.ts";
import { getField, setField } from "../lib/field_path.ts";
import { closingQuote } from "../lib/key_values.ts";
import { parseRfc3339 } from "../lib/rfc3339.ts";
import { FieldNames } from "./field_names.ts";
import { setTime } from "./rfc3339_time.ts";
import { levelOfPriority, priorityOf, syslogFields } from "./syslog_fields.ts";

/** `<PRI>VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID`, and what follows. */
const HEADER = /^<(\d{1,3})>\d{1,3} ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+)(?: (.*))?$/s;
const NAME = String.raw`[^ =\]"]+`;
const VALUE = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;
/** `[id name="value" …]…`, and the message. */
const STRUCTURED = new RegExp(`^((?:\\[${NAME}(?: +${NAME}=${VALUE})* *\\])+)(?: |$)`, "s");
const ESCAPE = /\\(["\\\]])/g;
const SPACE = 0x20;
const QUOTE = 0x22;
const CLOSE = 0x5d;
const BYTE_ORDER_MARK = 0xfeff;

/** Names in structured data, and ids of elements. */
const names = new FieldNames();

/** Reads a message as RFC 5424 has it. Answers false, and leaves the event, for anything else. */
export function parseRfc5424(line: string, event: LogEvent): boolean {
  const header = HEADER.exec(line);
  if (header === null) return false;
  const priority = priorityOf(header[1]);
  const timeText = header[2] ?? "-";
  const time = timeText === "-" ? 0 : parseRfc3339(timeText);
  if (priority === undefined || Number.isNaN(time)) return false;

  let message = header[7] ?? "";
  let data: Fields | undefined;
  if (message.startsWith("- ") || message === "-") message = message.slice(2);
  else if (message.startsWith("[")) {
    // A program that leaves structured data out may well begin its message with a bracket.
    const structured = STRUCTURED.exec(message);
    if (structured !== null) {
      data = readElements(structured[1] ?? "");
      message = message.slice(structured[0].length);
    }
  }
  event.message = message.charCodeAt(0) === BYTE_ORDER_MARK ? message.slice(1) : message;
  event.level = levelOfPriority(priority);
  if (timeText !== "-") setTime(event, time, timeText);
  event.fields = syslogFields(
    priority,
    word(header[3]),
    word(header[4]),
    word(header[5]),
    word(header[6]),
    data,
  );
  return true;
}

/** Elements by id, with their values by name. `text` has the form of STRUCTURED, so that all that is sought is there. */
function readElements(text: string): Fields {
  const elements: Fields = {};
  const hasEscapes = text.includes("\\");
  let place = 0;
  for (let at = 0; at < text.length; at++) {
    let end = at + 1;
    while (text.charCodeAt(end) !== SPACE && text.charCodeAt(end) !== CLOSE) end++;
    const id = text.slice(at + 1, end);
    const element: Fields = {};
    while (text.charCodeAt(end) !== CLOSE) {
      if (text.charCodeAt(end) === SPACE) {
        end++;
        continue;
      }
      const equals = text.indexOf("=", end);
      const close = hasEscapes ? closingQuote(text, equals + 2, QUOTE) : text.indexOf('"', equals + 2);
      const raw = text.slice(equals + 2, close);
      const name = names.at(place++, text.slice(end, equals));
      addValue(element, name, hasEscapes ? raw.replace(ESCAPE, "$1") : raw);
      end = close + 1;
    }
    at = end;
    setField(elements, names.at(place++, id), element);
  }
  return elements;
}

/** A name may come several times in an element, as `ip` does: then its values are a list. */
function addValue(element: Fields, name: string, value: string): void {
  const former = getField(element, name);
  if (former === undefined) setField(element, name, value);
  else if (Array.isArray(former)) former.push(value);
  else setField(element, name, [former, value]);
}

function word(text: string | undefined): string | undefined {
  return text === "-" ? undefined : text;
}
