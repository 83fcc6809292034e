import type { FieldValue, Level, LogEvent } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import { parseLevel } from "../lib/level.ts";
import { LineTime } from "./line_time.ts";
import type { Parser } from "./parser.ts";
import { digitsValue, fractionMs, skipDigits } from "./scan.ts";

/** `[Fri Sep 09 10:42:29.902022 2011] [core:error] `, the fraction and the module not in Apache 2.2. */
const HEAD =
  /^\[([A-Z][a-z]{2} [A-Z][a-z]{2} [\d ]\d \d\d:\d\d:\d\d)(?:\.(\d+))? (\d{4})\] \[(?:([\w.-]*):)?(\w+)\] ?/;
const PROCESS = /\[pid (\d+)(?::tid (\d+))?\] ?/y;
const CLIENT = /\[(?:client|remote) ([^\]\s]+|\[[^\]\s]+\]:\d+)\] ?/y;
/** What the system said: `(13)Permission denied: `. It belongs to the text, but may stand before the client. */
const SYSTEM = /\(\d+\)[^[]*: (?=\[client )/y;
const CODE = /AH\d{5}(?=:)/y;
const REFERER = ", referer: ";

/** Error logs of Apache 2.2 and 2.4: `[time] [module:level] [pid 1:tid 2] [client …] AH00128: text, referer: …`. */
export class ApacheErrorParser implements Parser {
  readonly #times: LineTime;

  constructor(timezone: string | undefined, context: ProcessingContext) {
    this.#times = new LineTime("%a %b %e %H:%M:%S %Y", timezone, context);
  }

  parse(line: string, event: LogEvent): boolean {
    // Most lines of other formats must not cost a regular expression.
    if (line.charCodeAt(0) !== 0x5b) return false;
    const head = HEAD.exec(line);
    if (head === null) return false;
    const [{ length }, clock, fraction = "", year, module, levelName = ""] = head;
    const level = apacheLevel(levelName);
    if (level === undefined) return false;
    const time = this.#times.of(`${clock} ${year}`);
    if (Number.isNaN(time)) return false;

    let at = length;
    const process = matchAt(PROCESS, line, at);
    if (process !== null) at = PROCESS.lastIndex;
    const system = matchAt(SYSTEM, line, at)?.[0] ?? "";
    at += system.length;
    const client = matchAt(CLIENT, line, at);
    if (client !== null) at = CLIENT.lastIndex;
    const referer = client === null ? -1 : line.lastIndexOf(REFERER);
    const end = referer >= at ? referer : line.length;
    event.timestamp = time + fractionMs(fraction, 0, fraction.length);
    event.timestampText = undefined;
    event.level = level;
    event.message = system + line.slice(at, end);
    event.fields = {
      module: module === "" ? undefined : module,
      pid: integer(process?.[1]),
      tid: integer(process?.[2]),
      client: client?.[1],
      code: matchAt(CODE, line, at)?.[0],
      referer: end < line.length ? line.slice(end + REFERER.length) : undefined,
    };
    return true;
  }
}

/** Apache 2.4 has eight levels of traces. */
function apacheLevel(name: string): Level | undefined {
  return parseLevel(/^trace[1-8]$/.test(name) ? "trace" : name);
}

/** Ids of threads are addresses, which may be longer than a double can hold. */
function integer(digits: string | undefined): FieldValue | undefined {
  if (digits === undefined) return undefined;
  return skipDigits(digits, 0) === 0 ? digits : digitsValue(digits, 0, digits.length) ?? digits;
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}
