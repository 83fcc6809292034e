import { QUOTED_TEXT } from "./access_log.ts";
import type { ParserConfig } from "./parser_config.ts";

/** Lines without anything unusual, for those who need no more than where the parts of a line are. */
export interface UsualLines {
  /**
   * What they match. The groups `time` and `request` are the event's time and message. `AccessLogLine` makes the same of
   * all that matches, and something of much that does not.
   */
  readonly pattern: string;
  /** The fields that the groups fill, by the name of the group. */
  readonly fields: Readonly<Record<string, { readonly name: string; readonly type: "string" | "int" }>>;
}

const APACHE_FIELDS: UsualLines["fields"] = {
  host: { name: "host", type: "string" },
  ident: { name: "ident", type: "string" },
  user: { name: "user", type: "string" },
  method: { name: "method", type: "string" },
  path: { name: "path", type: "string" },
  protocol: { name: "protocol", type: "string" },
  status: { name: "status", type: "int" },
  bytes: { name: "bytes", type: "int" },
  referer: { name: "referer", type: "string" },
  agent: { name: "agent", type: "string" },
};

const NGINX_FIELDS: UsualLines["fields"] = {
  host: { name: "remote_addr", type: "string" },
  user: { name: "remote_user", type: "string" },
  method: { name: "method", type: "string" },
  path: { name: "path", type: "string" },
  protocol: { name: "protocol", type: "string" },
  status: { name: "status", type: "int" },
  bytes: { name: "body_bytes_sent", type: "int" },
  referer: { name: "http_referer", type: "string" },
  agent: { name: "http_user_agent", type: "string" },
  forwarded: { name: "http_x_forwarded_for", type: "string" },
};

/** The header X-Forwarded-For, as in the format `main` of nginx's packages. */
const FORWARDED = '(?: "(?:-|(?<forwarded>[^"]+))")?';

/** Nearly all lines that such a parser reads; undefined if it does not read access logs. */
export function usualAccessLines(
  { type, config: { format } }: ParserConfig & { readonly type: "apache" | "nginx" },
): UsualLines | undefined {
  if (format === "error") return undefined;
  const isCombined = format === "auto" ? undefined : format === "combined";
  return type === "apache"
    ? { pattern: patternOf(isCombined, ""), fields: APACHE_FIELDS }
    : { pattern: patternOf(isCombined, FORWARDED), fields: NGINX_FIELDS };
}

/**
 * No virtual host, no spaces in a name, a request in three parts, and nothing behind the format but what the pattern
 * `tail` matches. `isCombined` undefined: in either format. The groups are named like the properties of `AccessLogLine`.
 */
function patternOf(isCombined: boolean | undefined, tail: string): string {
  const clock = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d`;
  const time = String.raw`\[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:${clock} [+-]\d{4})\]`;
  const request = String
    .raw`"(?<request>(?<method>[A-Z_-]+) (?<path>[^"\\ ]+) (?<protocol>HTTP/[0-9.]+))"`;
  const common = `^(?<host>[^ ]+) (?:-|(?<ident>[^ ]+)) (?:-|(?<user>[^ ]+)) ${time} ${request} ` +
    String.raw`(?:-|(?<status>\d{1,9})) (?:-|(?<bytes>\d{1,15}))`;
  const agent = ` "(?:-?|(?<referer>${QUOTED_TEXT}))" "(?:-?|(?<agent>${QUOTED_TEXT}))"${tail}`;
  return `${common}${isCombined === false ? "" : isCombined ? agent : `(?:${agent})?`}$`;
}
