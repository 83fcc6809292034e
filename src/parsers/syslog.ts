import type { LogEvent } from "../event.ts";
import type { ProcessingContext } from "../component.ts";
import type { ParserOwn } from "./parser_config.ts";
import type { Parser } from "./parser.ts";
import { Rfc3164 } from "./syslog_rfc3164.ts";
import { parseRfc5424 } from "./syslog_rfc5424.ts";

/** What a syslog parser is configured with; the time zone counts for times that name none. */
export type SyslogConfig = ParserOwn<"syslog"> & { readonly timezone?: string };

/** Makes the parser of syslog messages, of both standards, with or without their priority. */
export function createSyslogParser(config: SyslogConfig, context: ProcessingContext): Parser {
  return new SyslogParser(
    config.format !== "3164",
    config.format === "5424" ? undefined : new Rfc3164(config.timezone, context),
  );
}

class SyslogParser implements Parser {
  readonly #isModern: boolean;
  readonly #legacy: Rfc3164 | undefined;

  constructor(isModern: boolean, legacy: Rfc3164 | undefined) {
    this.#isModern = isModern;
    this.#legacy = legacy;
  }

  parse(line: string, event: LogEvent): boolean {
    const text = withoutEnd(line);
    return (this.#isModern && parseRfc5424(text, event)) || this.#legacy?.parse(text, event) === true;
  }
}

/** Some programs send the end of the line, or of the string, with it. */
function withoutEnd(line: string): string {
  let end = line.length;
  for (let code = line.charCodeAt(end - 1); code === 0x0a || code === 0x0d || code === 0;) {
    code = line.charCodeAt(--end - 1);
  }
  return end === line.length ? line : line.slice(0, end);
}
