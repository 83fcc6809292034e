import type { Fields, LogEvent } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import { parseLevel } from "../lib/level.ts";
import { LineTime } from "./line_time.ts";
import type { Parser } from "./parser.ts";
import { digitsValue, skipDigits } from "./scan.ts";

const SLASH = 0x2f;
/** `2026/11/25 10:00:00` */
const TIME_LENGTH = 19;
/** What nginx says of a request, behind the text, in this order; `server` may be empty. */
const DETAILS =
  /^, (client|server|login|upstream|request|subrequest|host|referrer): ("(?:[^"\\]|\\.)*"|[^,]*)/;
const FIRST_DETAIL = ", client: ";

/** Error logs of nginx: `2026/11/25 10:00:00 [error] 31#31: *90 text, client: …, server: …, request: "…", host: "…"`. */
export class NginxErrorParser implements Parser {
  readonly #times: LineTime;

  constructor(timezone: string | undefined, context: ProcessingContext) {
    this.#times = new LineTime("%Y/%m/%d %H:%M:%S", timezone, context);
  }

  parse(line: string, event: LogEvent): boolean {
    if (line.charCodeAt(4) !== SLASH || !line.startsWith(" [", TIME_LENGTH)) return false;
    const levelEnd = line.indexOf("] ", TIME_LENGTH + 2);
    if (levelEnd < 0) return false;
    const level = parseLevel(line.slice(TIME_LENGTH + 2, levelEnd));
    if (level === undefined) return false;
    const time = this.#times.at(line, 0, TIME_LENGTH);
    if (Number.isNaN(time)) return false;

    const pidAt = levelEnd + 2;
    const pidEnd = skipDigits(line, pidAt);
    const tidEnd = skipDigits(line, pidEnd + 1);
    if (!line.startsWith("#", pidEnd) || !line.startsWith(": ", tidEnd)) return false;
    let at = tidEnd + 2;
    let connection: number | undefined;
    if (line.startsWith("*", at)) {
      const end = skipDigits(line, at + 1);
      connection = digitsValue(line, at + 1, end);
      if (connection !== undefined && line.startsWith(" ", end)) at = end + 1;
    }
    const fields: Fields = {
      pid: digitsValue(line, pidAt, pidEnd),
      tid: digitsValue(line, pidEnd + 1, tidEnd),
      connection,
    };
    const details = line.lastIndexOf(FIRST_DETAIL);
    const isDetailed = details >= at && readDetails(line.slice(details), fields);
    event.timestamp = time;
    event.timestampText = undefined;
    event.level = level;
    event.message = line.slice(at, isDetailed ? details : line.length);
    event.fields = fields;
    return true;
  }
}

/** Answers false, and sets nothing, if there is anything that is no detail: then all of it is text. */
function readDetails(text: string, fields: Fields): boolean {
  const found: Fields = {};
  let rest = text;
  while (rest !== "") {
    const [all, name, value] = DETAILS.exec(rest) ?? [];
    if (all === undefined || name === undefined || value === undefined) return false;
    const plain = value.startsWith('"') ? value.slice(1, -1) : value;
    found[name] = plain === "" ? undefined : plain;
    rest = rest.slice(all.length);
  }
  Object.assign(fields, found);
  return true;
}
