import type { LogEvent } from "../event.ts";
import { parseRfc3339 } from "../lib/rfc3339.ts";
import { parseObject } from "./json.ts";
import type { ParserFactory } from "./registry.ts";
import type { Parser } from "./parser.ts";
import { setTime } from "./rfc3339_time.ts";

/** What Docker writes for a text without escapes but the line break at its end. */
const USUAL = /^\{"log":"([^"\\]*)(?:\\r)?\\n","stream":"(stdout|stderr)","time":"([^"\\]+)"\}$/;
const LINE_BREAK = /\r?\n$/;

/** Makes the parser of Docker's json-file format: `{"log":"text\n","stream":"stdout","time":"…"}`. */
export const createDockerParser: ParserFactory<"docker"> = () => new DockerParser();

class DockerParser implements Parser {
  parse(line: string, event: LogEvent): boolean {
    const usual = USUAL.exec(line);
    if (usual === null) return this.#parseObject(line, event);
    const timeText = usual[3] ?? "";
    const time = parseRfc3339(timeText);
    if (Number.isNaN(time)) return false;
    setTime(event, time, timeText);
    event.level = undefined;
    event.message = usual[1] ?? "";
    event.fields = { stream: usual[2] };
    return true;
  }

  #parseObject(line: string, event: LogEvent): boolean {
    const fields = parseObject(line);
    if (fields === undefined) return false;
    const { log, time: timeText } = fields;
    if (typeof log !== "string" || typeof timeText !== "string") return false;
    const time = parseRfc3339(timeText);
    if (Number.isNaN(time)) return false;
    setTime(event, time, timeText);
    event.level = undefined;
    // Containers with a terminal write a carriage return, too.
    event.message = log.replace(LINE_BREAK, "");
    fields.log = undefined;
    fields.time = undefined;
    event.fields = fields;
    return true;
  }
}
