import type { Encoder, EncoderOptions } from "../../encoding/encoder.ts";
import { EventJson } from "../../encoding/event_json.ts";
import { compileEventTemplate, type EventValue, isTemplate } from "../../encoding/event_template.ts";
import type { LogEvent } from "../../event.ts";
import { KeyError } from "../../lib/key_error.ts";
import { formatRfc3339 } from "../../lib/rfc3339.ts";
import { compileStrftime } from "../../lib/strftime.ts";
import {
  HeaderText,
  NIL,
  NOT_IN_TAG,
  NOT_PRINTABLE,
  THIS_HOST,
  utf8Length,
  utf8Start,
} from "./header_text.ts";
import { facilityOf, severityOf, severityOfLevel, USER_FACILITY } from "./priority.ts";
import { StructuredData } from "./structured_data.ts";

/** What the encoder needs of the configuration. */
export interface SyslogFormatConfig {
  readonly format: "5424" | "3164";
  readonly timezone: "utc" | "local";
  readonly facility: string;
  readonly severity: string;
  readonly hostname?: string | undefined;
  readonly app_name: string;
  readonly procid: string;
  readonly msgid: string;
  readonly structured_data: { readonly id?: string | undefined; readonly fields: readonly string[] };
  readonly encoding: "text" | "json";
  readonly bom: boolean;
  readonly max_message_bytes: number;
  readonly framing: "octet_counting" | "newline";
}

/** The end of a message that was cut. */
export const TRUNCATED = "[truncated]";

const BOM = "\ufeff";
const LINE_BREAK = /\n/g;

/** Writes events as syslog messages, without what frames them. Throws KeyError. */
export function syslogEncoder(config: unknown, options: EncoderOptions): Encoder {
  const message = new SyslogMessage(config as SyslogFormatConfig, options);
  return { kind: "text", encode: (event) => message.write(event) };
}

class SyslogMessage {
  readonly #config: SyslogFormatConfig;
  readonly #json: EventJson | undefined;
  /** Numbers are the same for all events. */
  readonly #facility: EventValue | number;
  /** Undefined: by the level of the event. */
  readonly #severity: EventValue | number | undefined;
  readonly #hostname: EventValue;
  readonly #appName: EventValue;
  readonly #procid: EventValue;
  readonly #msgid: EventValue;
  readonly #host = new HeaderText(255, NOT_PRINTABLE, THIS_HOST);
  readonly #app: HeaderText;
  readonly #process: HeaderText;
  readonly #kind = new HeaderText(32, NOT_PRINTABLE, NIL);
  readonly #data: StructuredData | undefined;
  readonly #time3164: (time: number) => string;

  constructor(config: SyslogFormatConfig, { includeRaw }: EncoderOptions) {
    const { structured_data: { id, fields }, format } = config;
    this.#config = config;
    this.#json = config.encoding === "json" ? new EventJson(includeRaw) : undefined;
    const { facility, severity } = config;
    const known = {
      facility: "facility; write kern to local7, or 0 to 23",
      severity: "severity; write emerg to debug, or 0 to 7",
    };
    this.#facility = numberOrTemplate(facility, "facility", facilityOf, known.facility);
    this.#severity = severity === "{{ level }}"
      ? undefined
      : numberOrTemplate(severity, "severity", severityOf, known.severity);
    this.#hostname = config.hostname === undefined
      ? () => undefined
      : compileEventTemplate(config.hostname, "hostname");
    this.#appName = compileEventTemplate(config.app_name, "app_name");
    this.#procid = compileEventTemplate(config.procid, "procid");
    this.#msgid = compileEventTemplate(config.msgid, "msgid");
    this.#app = new HeaderText(48, format === "3164" ? NOT_IN_TAG : NOT_PRINTABLE, NIL);
    this.#process = new HeaderText(128, format === "3164" ? NOT_IN_TAG : NOT_PRINTABLE, NIL);
    this.#data = id === undefined
      ? undefined
      : new StructuredData(id, fields, Math.floor(config.max_message_bytes / 2));
    this.#time3164 = perSecond(compileStrftime("%b %e %H:%M:%S", config.timezone));
  }

  write(event: LogEvent): string {
    const priority = this.#priority(event);
    const host = this.#host.of(this.#hostname(event));
    const app = this.#app.of(this.#appName(event));
    const process = this.#process.of(this.#procid(event));
    const header = this.#config.format === "3164"
      ? this.#header3164(event, priority, host, app, process)
      : "<" + priority + ">1 " + timestamp(event) + " " + host + " " + app + " " + process + " " +
        this.#kind.of(this.#msgid(event)) + " " +
        (this.#data === undefined ? NIL : this.#data.write(event.fields)) +
        (this.#config.bom ? " " + BOM : " ");
    return this.#oneLine(this.#fitting(header, this.#text(event)));
  }

  #priority(event: LogEvent): number {
    const facility = typeof this.#facility === "number"
      ? this.#facility
      : facilityOf(this.#facility(event)) ?? USER_FACILITY;
    const severity = typeof this.#severity === "number"
      ? this.#severity
      : severityOf(this.#severity?.(event)) ?? severityOfLevel(event.level);
    return facility * 8 + severity;
  }

  #header3164(event: LogEvent, priority: number, host: string, app: string, process: string): string {
    return "<" + priority + ">" + this.#time3164(event.timestamp) + " " + host + " " + app +
      (process === NIL ? ": " : "[" + process + "]: ");
  }

  #text(event: LogEvent): string {
    if (this.#json !== undefined) return this.#json.write(event).slice(0, -1);
    // A record whose format has no message is told by what it was.
    return event.message === "" ? event.raw : event.message;
  }

  /** Header and text, with the text cut to what the receiver takes of a message. */
  #fitting(header: string, text: string): string {
    const { max_message_bytes: limit } = this.#config;
    // No character has more than three bytes for each unit.
    if ((header.length + text.length) * 3 <= limit) return header + text;
    const left = limit - utf8Length(header);
    if (utf8Length(text) <= left) return header + text;
    return header + utf8Start(text, Math.max(0, left - TRUNCATED.length)) + TRUNCATED;
  }

  /** A line feed would end a message that is framed by it; syslog servers write it in this way. */
  #oneLine(message: string): string {
    return this.#config.framing === "newline" && message.includes("\n")
      ? message.replace(LINE_BREAK, "#012")
      : message;
  }
}

function numberOrTemplate(
  text: string,
  key: string,
  parse: (value: string) => number | undefined,
  expected: string,
): EventValue | number {
  if (isTemplate(text)) return compileEventTemplate(text, key);
  const number = parse(text);
  if (number === undefined) throw new KeyError(key, `"${text}" is no ${expected}`);
  return number;
}

/** RFC 3339 with at most six digits of the second, as RFC 5424 has it. */
function timestamp({ timestampText, timestamp }: LogEvent): string {
  if (timestampText === undefined) return formatRfc3339(timestamp);
  return timestampText.length > 27 ? timestampText.slice(0, 26) + "Z" : timestampText;
}

/** Neighbouring records share the second. */
function perSecond(format: (time: number) => string): (time: number) => string {
  let second = Number.NaN;
  let text = "";
  return (time) => {
    const now = Math.floor(time / 1000);
    if (now !== second) {
      second = now;
      text = format(Number.isNaN(time) ? 0 : time);
    }
    return text;
  };
}
