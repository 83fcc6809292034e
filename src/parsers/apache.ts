import type { LogEvent } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import { AccessLogLine } from "./access_log.ts";
import { ApacheErrorParser } from "./apache_error.ts";
import type { ParserOwn } from "./parser_config.ts";
import type { Parser } from "./parser.ts";

/** What a parser of a web server's logs is configured with; the time zone counts for its error log. */
export type ApacheConfig = ParserOwn<"apache"> & { readonly timezone?: string };

/** Makes the parser of the logs of Apache: access logs in the common or the combined format, or error logs. */
export function createApacheParser(config: ApacheConfig, context: ProcessingContext): Parser {
  const { format } = config;
  if (format === "error") return new ApacheErrorParser(config.timezone, context);
  if (format !== "auto") return new ApacheAccessParser(format === "combined", context);
  const access = new ApacheAccessParser(undefined, context);
  const errors = new ApacheErrorParser(config.timezone, context);
  return { parse: (line, event) => access.parse(line, event) || errors.parse(line, event) };
}

/** Access logs, also with the virtual host before the client. The request is the message. */
export class ApacheAccessParser implements Parser {
  readonly #line: AccessLogLine;

  /** `isCombined` undefined: lines may be in either format. */
  constructor(isCombined: boolean | undefined, context: ProcessingContext) {
    this.#line = new AccessLogLine(isCombined, context);
  }

  parse(line: string, event: LogEvent): boolean {
    const read = this.#line;
    if (!read.read(line)) return false;
    event.timestamp = read.time;
    event.timestampText = undefined;
    event.level = undefined;
    event.message = read.request;
    event.fields = {
      vhost: read.vhost,
      host: read.host,
      ident: read.ident,
      user: read.user,
      method: read.method,
      path: read.path,
      protocol: read.protocol,
      status: read.status,
      bytes: read.bytes,
      referer: read.referer,
      agent: read.agent,
      extra: read.rest,
    };
    return true;
  }
}
