import type { LogEvent } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import { SyslogTime } from "./syslog_time.ts";
import { setTime } from "./rfc3339_time.ts";
import { indexOrEnd, skipDigits } from "./scan.ts";
import { levelOfPriority, priorityOf, syslogFields } from "./syslog_fields.ts";

const SPACE = 0x20;
const ASTERISK = 0x2a;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN = 0x5b;

const PRIORITY = /^<(\d{1,3})>/;
/** What most messages look like: all parts are there. The rest of this file is for all others. */
const USUAL = new RegExp(
  String.raw`^(?:<(\d{1,3})>)?(?:([A-Z][a-z]{2} [ \d]\d \d\d):(\d\d:\d\d)|(\d{4}-\d\d-\d\dT[^ ]+)) ` +
    String.raw`(?!(?:19|20)\d\d )([^ [\]]*[^ [\]:]) ([^\0- :[]+)(?:\[([^\] ]+)\])?: (.*)$`,
  "s",
);

/**
 * Reads messages as RFC 3164 describes them and programs write them: `[<PRI>]TIME [HOSTNAME] [TAG[PID]:] text`. The time
 * may be in ISO 8601, as in files of rsyslog and journald, or Cisco's: `<PRI>29: *Nov 25 10:00:00.123 UTC: %SYS-5-X: text`.
 */
export class Rfc3164 {
  readonly #time: SyslogTime;
  // What the tag that was read last says.
  #app: string | undefined;
  #proc: string | undefined;

  constructor(timezone: string | undefined, context: ProcessingContext) {
    this.#time = new SyslogTime(timezone, context);
  }

  /**
   * Reads a line. Without a time, it is a message only if it has a priority. Answers false, and leaves the event, for
   * anything else.
   */
  parse(line: string, event: LogEvent): boolean {
    const usual = USUAL.exec(line);
    if (usual === null) return this.parseUnusual(line, event);
    const priority = priorityOf(usual[1]);
    const date = usual[2];
    const isRead = date === undefined
      ? this.#time.readIso(usual[4] ?? "")
      : this.#time.readClock(date, usual[3] ?? "");
    if (priority === undefined || !isRead) return false;
    event.message = usual[8] ?? "";
    event.level = levelOfPriority(priority);
    setTime(event, this.#time.value, this.#time.text);
    event.fields = syslogFields(priority, usual[5], usual[6], usual[7], undefined, undefined);
    return true;
  }

  /** Reads any line, part by part. */
  parseUnusual(line: string, event: LogEvent): boolean {
    const found = line.startsWith("<") ? PRIORITY.exec(line) : undefined;
    const priority = found === null ? undefined : priorityOf(found?.[1]);
    if (priority === undefined) return false;
    const from = found?.[0].length ?? 0;
    let hostname: string | undefined;
    let at = from;
    let timeEnd = this.#time.read(line, from, priority >= 0);
    if (timeEnd < 0 && priority >= 0) {
      const start = skipSequence(line, from);
      timeEnd = this.#time.read(line, skipFlag(line, start), true);
      if (timeEnd < 0) {
        const hostEnd = line.indexOf(": ", start);
        if (hostEnd > start) {
          timeEnd = this.#time.read(line, skipFlag(line, hostEnd + 2), true);
          if (timeEnd >= 0) hostname = line.slice(start, hostEnd);
        }
      }
    }
    if (timeEnd >= 0) {
      at = timeEnd;
      if (line.charCodeAt(at) === COLON) at = skipSpaces(line, at + 1);
      else {
        at = skipSpaces(line, at);
        const end = line.indexOf(" ", at);
        if (hostname === undefined && end > 0 && isHostname(line, at, end)) {
          hostname = line.slice(at, end);
          at = end + 1;
          // Cisco ASA puts a colon between spaces.
          if (line.startsWith(": ", at)) at += 2;
        }
      }
    } else if (priority < 0) return false;

    at = this.#tag(line, at);
    event.message = line.slice(at);
    event.level = levelOfPriority(priority);
    if (timeEnd >= 0) setTime(event, this.#time.value, this.#time.text);
    event.fields = syslogFields(priority, hostname, this.#app, this.#proc, undefined, undefined);
    return true;
  }

  /** Reads `name:`, `name[id]:` or `name[id]` with the space behind; answers where the text begins. */
  #tag(line: string, from: number): number {
    this.#app = undefined;
    this.#proc = undefined;
    let end = from;
    let code = line.charCodeAt(end);
    while (code > SPACE && code !== COLON && code !== OPEN) code = line.charCodeAt(++end);
    if (end === from) return from;
    let after: number;
    if (code === COLON) after = end + 1;
    else if (code === OPEN) {
      const close = line.indexOf("]", end);
      const space = indexOrEnd(line, " ", end);
      if (close <= end + 1 || space < close) return from;
      after = close + 1;
      const isSeparated = line.charCodeAt(after) === COLON;
      if (isSeparated) after++;
      else if (after < line.length && line.charCodeAt(after) !== SPACE) return from;
      this.#proc = line.slice(end + 1, close);
      this.#app = line.slice(from, end);
      return line.charCodeAt(after) === SPACE ? after + 1 : after;
    } else return from;
    // `http://…` is no tag.
    if (after < line.length && line.charCodeAt(after) !== SPACE) return from;
    this.#app = line.slice(from, end);
    return after < line.length ? after + 1 : after;
  }
}

/** The number of a message, as Cisco's devices send it before the time: `29: `. */
function skipSequence(line: string, from: number): number {
  const end = skipDigits(line, from);
  return end > from && line.startsWith(": ", end) ? end + 2 : from;
}

/** What Cisco's devices put before a time that may be wrong. */
function skipFlag(line: string, at: number): number {
  const code = line.charCodeAt(at);
  return code === ASTERISK || code === DOT ? at + 1 : at;
}

function skipSpaces(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === SPACE) at++;
  return at;
}

/** A tag stands in the place of the name if there is none: it ends with a colon, or has an id in brackets. */
function isHostname(line: string, start: number, end: number): boolean {
  if (line.charCodeAt(end - 1) === COLON) return false;
  const bracket = line.indexOf("[", start);
  return bracket <= start || bracket > end;
}
