import type { ProcessingContext } from "../component.ts";
import { ClockTime } from "./clock_time.ts";
import { LineTime } from "./line_time.ts";

/** What stands between quotes; servers escape quotes inside. */
export const QUOTED_TEXT = String.raw`[^"\\]*(?:\\.[^"\\]*)*`;
const TIME = String.raw`(\d\d\/[A-Z][a-z]{2}\/\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})`;
/** A request as nearly all are; anything else is taken apart afterwards. */
const REQUEST = String.raw`([A-Z_-]+) ([^"\\ ]+) (HTTP\/[\d.]+)`;
const NUMBERS = String.raw`(?:-|(\d{1,9})) (?:-|(\d{1,15}))`;
const COMMON = String
  .raw`^([^ ]+) (?:-|([^ ]+)) (?:-|(.+?)) \[${TIME}\] "(${REQUEST}|${QUOTED_TEXT})" ${NUMBERS}`;
const AGENT = ` "(?:-?|(${QUOTED_TEXT}))" "(?:-?|(${QUOTED_TEXT}))"`;
const REST = "(?: (.*))?$";

// One expression is faster than looking for what separates the parts: it works on the bytes of the line.
const ACCESS = new RegExp(`${COMMON}()()${REST}`, "s");
const COMBINED = new RegExp(COMMON + AGENT + REST, "s");
const EITHER = new RegExp(`${COMMON}(?:${AGENT})?${REST}`, "s");

const METHOD = /^[A-Z_-]+$/;

/** The format of the times, for all of it at once. */
export const ACCESS_TIME_FORMAT = "%d/%b/%Y:%H:%M:%S %z";

/**
 * Reads lines of access logs. What was read last stands in the properties; `-` is undefined. common:
 * `host ident user [time] "request" status bytes`; combined goes on with ` "referer" "agent"`; either may go on with
 * anything, which becomes `rest`.
 */
export class AccessLogLine {
  /** The virtual host, where it stands before the client, as in Apache's vhost_combined. */
  vhost: string | undefined;
  host = "";
  ident: string | undefined;
  user: string | undefined;
  /** In milliseconds since 1970. */
  time = NaN;
  request = "";
  method: string | undefined;
  path: string | undefined;
  protocol: string | undefined;
  status: number | undefined;
  bytes: number | undefined;
  referer: string | undefined;
  agent: string | undefined;
  rest: string | undefined;
  readonly #pattern: RegExp;
  readonly #times: ClockTime;

  /** `isCombined` undefined: lines may be in either format. */
  constructor(isCombined: boolean | undefined, context: ProcessingContext) {
    this.#pattern = isCombined === undefined ? EITHER : isCombined ? COMBINED : ACCESS;
    const times = new LineTime(ACCESS_TIME_FORMAT, undefined, context);
    this.#times = new ClockTime(times, ":00:00:00 ");
  }

  /** Reads a line; answers false for anything else. */
  read(line: string): boolean {
    const parts = this.#pattern.exec(line);
    if (parts === null) return false;
    this.time = this.#times.of(parts[4] ?? "", parts[5] ?? "", parts[6] ?? "");
    if (Number.isNaN(this.time)) return false;
    this.vhost = undefined;
    this.host = parts[1] ?? "";
    this.ident = parts[2];
    this.user = parts[3];
    if (this.ident !== undefined && this.user !== undefined) this.#findVirtualHost(this.ident, this.user);
    this.request = parts[7] ?? "";
    this.method = parts[8];
    this.path = parts[9];
    this.protocol = parts[10];
    if (this.method === undefined) this.#splitRequest();
    this.status = numberOf(parts[11]);
    this.bytes = numberOf(parts[12]);
    this.referer = parts[13] || undefined;
    this.agent = parts[14] || undefined;
    this.rest = parts[15];
    return true;
  }

  /** Hardly anything ever says who the user is by ident: a word there is the client, behind its virtual host. */
  #findVirtualHost(ident: string, user: string): void {
    const space = user.indexOf(" ");
    if (space < 0) return;
    this.vhost = this.host;
    this.host = ident;
    this.ident = valueOf(user.slice(0, space));
    this.user = valueOf(user.slice(space + 1));
  }

  /** A path with spaces or quotes, or without a protocol. Attacks send anything else, which has no parts. */
  #splitRequest(): void {
    const { request } = this;
    const methodEnd = request.indexOf(" ");
    if (methodEnd <= 0 || !METHOD.test(request.slice(0, methodEnd))) return;
    const pathEnd = request.lastIndexOf(" ");
    const hasProtocol = pathEnd > methodEnd && request.startsWith("HTTP/", pathEnd + 1);
    this.method = request.slice(0, methodEnd);
    this.path = request.slice(methodEnd + 1, hasProtocol ? pathEnd : request.length);
    this.protocol = hasProtocol ? request.slice(pathEnd + 1) : undefined;
  }
}

function valueOf(part: string): string | undefined {
  return part === "-" ? undefined : part;
}

function numberOf(part: string | undefined): number | undefined {
  return part === undefined ? undefined : Number(part);
}
