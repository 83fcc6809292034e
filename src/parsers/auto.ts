import type { Fields, LogEvent, Source } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import { parseLevel } from "../lib/level.ts";
import { ApacheAccessParser } from "./apache.ts";
import { ApacheErrorParser } from "./apache_error.ts";
import { createCriParser } from "./cri.ts";
import { createDockerParser } from "./docker.ts";
import { createJsonParser } from "./json.ts";
import { LogfmtParser } from "./logfmt.ts";
import { NginxAccessParser } from "./nginx.ts";
import { NginxErrorParser } from "./nginx_error.ts";
import type { Parser } from "./parser.ts";
import type { ParserOwn } from "./parser_config.ts";
import { createSyslogParser } from "./syslog.ts";

/** What `auto` is configured with; the time zone counts for formats whose times name none. */
export type AutoConfig = ParserOwn<"auto"> & { readonly timezone?: string };

/** Streams whose format is remembered; of more, the one that came first is forgotten. */
const MAX_STREAMS = 10_000;
const LESS = 0x3c;
const FIRST_PAIR = /^\s*[A-Za-z_@][\w.@/-]*=/;

interface Format {
  readonly parser: Parser;
  /** Time, level and message do not stand in fields of this format: the parser has set them. */
  readonly isComplete: boolean;
}

/** Makes the parser that finds out what format lines are in. */
export async function createAutoParser(config: AutoConfig, context: ProcessingContext): Promise<Parser> {
  const syslog = createSyslogParser({ ...config, format: "auto" }, context);
  const docker = await createDockerParser({}, context);
  const json = await createJsonParser({}, context);
  const cri = await createCriParser({}, context);
  const complete = (parser: Parser): Format => ({ parser, isComplete: true });
  return new AutoParser([
    complete({ parse: (line, event) => line.startsWith('{"log":"') && docker.parse(line, event) }),
    { parser: json, isComplete: false },
    complete(cri),
    complete(new CertainSyslog(syslog)),
    complete(new NginxAccessParser(undefined, context)),
    complete(new ApacheAccessParser(undefined, context)),
    complete(new NginxErrorParser(config.timezone, context)),
    complete(new ApacheErrorParser(config.timezone, context)),
    { parser: new CertainLogfmt(), isComplete: false },
  ]);
}

/** Tries formats in turn, first of all the one that the last line of the same stream had. */
export class AutoParser implements Parser {
  /** Whether the format of the line that was parsed last says itself what time, level and message are. */
  isComplete = false;
  readonly #formats: readonly Format[];
  readonly #known = new Map<string, Format>();
  // A batch has one source: its stream is looked up once.
  #source: Source | undefined;
  #last: Format | undefined;

  constructor(formats: readonly Format[]) {
    this.#formats = formats;
  }

  parse(line: string, event: LogEvent): boolean {
    if (event.source !== this.#source) {
      this.#source = event.source;
      this.#last = this.#known.get(event.source.stream);
    }
    const last = this.#last;
    if (last !== undefined && last.parser.parse(line, event)) {
      this.isComplete = last.isComplete;
      return true;
    }
    for (const format of this.#formats) {
      if (format === last || !format.parser.parse(line, event)) continue;
      this.isComplete = format.isComplete;
      this.#remember(event.source.stream, format);
      return true;
    }
    return false;
  }

  #remember(stream: string, format: Format): void {
    this.#last = format;
    if (!this.#known.has(stream) && this.#known.size >= MAX_STREAMS) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(stream, format);
  }
}

/** Syslog without a priority is certain only with a tag: many programs begin their lines with a time. */
class CertainSyslog implements Parser {
  readonly #syslog: Parser;

  constructor(syslog: Parser) {
    this.#syslog = syslog;
  }

  parse(line: string, event: LogEvent): boolean {
    if (line.charCodeAt(0) === LESS) return this.#syslog.parse(line, event);
    const { timestamp, timestampText, level, message, fields } = event;
    if (!this.#syslog.parse(line, event)) return false;
    const { app_name: app, hostname } = event.fields;
    if (app !== undefined && typeof hostname === "string" && parseLevel(hostname) === undefined) return true;
    event.timestamp = timestamp;
    event.timestampText = timestampText;
    event.level = level;
    event.message = message;
    event.fields = fields;
    return false;
  }
}

/** Nearly all text is logfmt of a kind: certain are lines that begin with a pair, and have two, and few bare words. */
class CertainLogfmt implements Parser {
  readonly #logfmt = new LogfmtParser();

  parse(line: string, event: LogEvent): boolean {
    if (!FIRST_PAIR.test(line)) return false;
    const before: Fields = event.fields;
    if (!this.#logfmt.parse(line, event)) return false;
    if (this.#logfmt.isCertain) return true;
    event.fields = before;
    return false;
  }
}
