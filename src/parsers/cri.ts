import type { LogEvent } from "../event.ts";
import { parseRfc3339 } from "../lib/rfc3339.ts";
import type { ParserFactory } from "./registry.ts";
import type { Parser } from "./parser.ts";
import { setTime } from "./rfc3339_time.ts";

const LINE = /^(\d{4}-[^ ]+) (stdout|stderr) ([FP][^ ]*)(?: (.*))?$/s;
/** The tag of a whole line. */
const WHOLE = "F";

/**
 * Makes the parser of lines as container runtimes write them: `2026-11-25T10:00:00.123456789Z stdout F text`. The tags
 * become the field `logtag` where they are anything but `F`, which means a whole line.
 */
export const createCriParser: ParserFactory<"cri"> = () => new CriParser();

class CriParser implements Parser {
  parse(line: string, event: LogEvent): boolean {
    const parts = LINE.exec(line);
    if (parts === null) return false;
    const timeText = parts[1] ?? "";
    const time = parseRfc3339(timeText);
    if (Number.isNaN(time)) return false;

    setTime(event, time, timeText);
    event.level = undefined;
    event.message = parts[4] ?? "";
    event.fields = { stream: parts[2], logtag: parts[3] === WHOLE ? undefined : parts[3] };
    return true;
  }
}
