import { QUOTED_TEXT } from "./access_log.ts";
import type { ParserConfig } from "./parser_config.ts";

/** Lines without anything unusual, for those who need no more than where the parts of a line are. */
export interface UsualLines {
  /**
   * What they match. The groups `time` and `request` are the event's time and message. `AccessLogLine` makes the same of
   * all that matches, and something of much that does not.
   */
  readonly pattern: string;
  /** The names of the fields that the groups fill, by the name of the group. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The groups whose fields are numbers. */
export const NUMBER_GROUPS: readonly string[] = ["status", "bytes"];

const APACHE_FIELDS: UsualLines["fields"] = Object.fromEntries(
  ["host", "ident", "user", "method", "path", "protocol", "status", "bytes", "referer", "agent"]
    .map((name) => [name, name]),
);

const NGINX_FIELDS: UsualLines["fields"] = {
  host: "remote_addr",
  user: "remote_user",
  method: "method",
  path: "path",
  protocol: "protocol",
  status: "status",
  bytes: "body_bytes_sent",
  referer: "http_referer",
  agent: "http_user_agent",
  forwarded: "http_x_forwarded_for",
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
