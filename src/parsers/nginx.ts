import type { LogEvent } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import { AccessLogLine } from "./access_log.ts";
import { NginxErrorParser } from "./nginx_error.ts";
import type { ParserOwn } from "./parser_config.ts";
import type { Parser } from "./parser.ts";

/** What a parser of a web server's logs is configured with; the time zone counts for its error log. */
export type NginxConfig = ParserOwn<"nginx"> & { readonly timezone?: string };

/** Makes the parser of the logs of nginx: access logs in the common or the combined format, or error logs. */
export function createNginxParser(config: NginxConfig, context: ProcessingContext): Parser {
  const { format } = config;
  if (format === "error") return new NginxErrorParser(config.timezone, context);
  if (format !== "auto") return new NginxAccessParser(format === "combined", context);
  const access = new NginxAccessParser(undefined, context);
  const errors = new NginxErrorParser(config.timezone, context);
  return { parse: (line, event) => access.parse(line, event) || errors.parse(line, event) };
}

/** Access logs. The request is the message; what stands behind the user agent is the header X-Forwarded-For, or `extra`. */
export class NginxAccessParser implements Parser {
  readonly #line: AccessLogLine;

  /** `isCombined` undefined: lines may be in either format. */
  constructor(isCombined: boolean | undefined, context: ProcessingContext) {
    this.#line = new AccessLogLine(isCombined, context);
  }

  parse(line: string, event: LogEvent): boolean {
    const read = this.#line;
    if (!read.read(line) || read.vhost !== undefined) return false;
    const { rest } = read;
    const forwardedFor = rest === undefined ? undefined : onlyQuoted(rest);
    event.timestamp = read.time;
    event.timestampText = undefined;
    event.level = undefined;
    event.message = read.request;
    event.fields = {
      remote_addr: read.host,
      remote_user: read.user,
      method: read.method,
      path: read.path,
      protocol: read.protocol,
      status: read.status,
      body_bytes_sent: read.bytes,
      http_referer: read.referer,
      http_user_agent: read.agent,
      http_x_forwarded_for: forwardedFor === "-" ? undefined : forwardedFor,
      extra: forwardedFor === undefined ? rest : undefined,
    };
    return true;
  }
}

/** What stands in the quotes that are all there is, as in the format `main` of nginx's packages. */
function onlyQuoted(rest: string): string | undefined {
  if (rest.length < 2 || !rest.startsWith('"') || rest.indexOf('"', 1) !== rest.length - 1) return undefined;
  return rest.slice(1, -1);
}
