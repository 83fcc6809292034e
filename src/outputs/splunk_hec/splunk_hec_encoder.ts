import { type EncoderFactory, lineEncoder, type LineEncoding } from "../../encoding/encoder.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import { jsonString } from "../../encoding/json_string.ts";
import type { LogEvent } from "../../event.ts";
import { pathOf } from "../../lib/schema_node.ts";
import { compileText, type EventText, labelText } from "../http/template_text.ts";
import { UnixTime } from "../http/unix_time.ts";

/** What the encoder goes by. */
interface SplunkEncoderConfig {
  readonly index?: string | undefined;
  readonly host?: string | undefined;
  readonly source?: string | undefined;
  readonly sourcetype?: string | undefined;
  readonly indexed_fields: Readonly<Record<string, string>>;
  readonly encoding: LineEncoding;
}

const LONGEST_NAME = 512;
/** Of an indexed field. */
const LONGEST_FIELD = 4096;
const LONGEST_INDEX = 80;

/**
 * The encoder of `splunk_hec`: records are event objects. The partition is the index where that depends on the record,
 * since Splunk refuses a whole request for an index that it does not have.
 */
export const splunkHecEncoder: EncoderFactory = (config, options) => {
  const { index, host, source, sourcetype, indexed_fields, encoding } = config as SplunkEncoderConfig;
  const isJson = encoding === "json" || (encoding === "auto" && !options.plain);
  const lines = lineEncoder(isJson ? "json" : "text", options);
  const names = Object.entries({ host, source, sourcetype }).flatMap(([name, template]) =>
    template === undefined ? [] : [new Member(name, compileText(template, name), LONGEST_NAME)]
  );
  const fields = Object.entries(indexed_fields).map(([name, template]) =>
    new Member(name, compileText(template, pathOf("indexed_fields", name)), LONGEST_FIELD)
  );
  const indexText = index === undefined ? undefined : compileText(index, "index");
  const indexOf = (event: LogEvent): string => {
    const text = indexText?.(event);
    return text === undefined ? "" : indexName(text);
  };
  const time = new UnixTime();

  function encode(event: LogEvent): string {
    time.read(event);
    let json = `{"time":${time.seconds}`;
    for (let i = 0; i < names.length; i++) json += names[i]?.of(event) ?? "";
    if (indexText !== undefined) {
      const name = indexOf(event);
      if (name !== "") json += `,"index":"${name}"`;
    }
    const line = lines.encode(event);
    const text = line.slice(0, -1);
    // Splunk refuses an event that is blank, and the whole request with it.
    const isBlank = !isJson && text.trim() === "";
    json += `,"event":${isBlank ? '{"message":""}' : isJson ? text : jsonString(text)}`;
    let members = "";
    for (let i = 0; i < fields.length; i++) members += fields[i]?.of(event) ?? "";
    return members === "" ? `${json}}\n` : `${json},"fields":{${members.slice(1)}}}\n`;
  }

  return index !== undefined && isTemplate(index)
    ? { kind: "text", encode, partitionOf: indexOf }
    : { kind: "text", encode };
};

/** A member of an object whose value is made from the event. */
class Member {
  readonly #start: string;
  readonly #text: EventText;
  readonly #longest: number;
  /** Neighbouring records have the same values. */
  #last: string | undefined;
  #lastMember = "";

  constructor(name: string, text: EventText, longest: number) {
    this.#start = `,${jsonString(name)}:`;
    this.#text = text;
    this.#longest = longest;
  }

  /** With a comma in front; empty if there is no value. */
  of(event: LogEvent): string {
    const text = this.#text(event);
    if (text === undefined) return "";
    if (text !== this.#last) {
      const value = labelText(text, this.#longest);
      this.#last = text;
      this.#lastMember = value === "" ? "" : this.#start + jsonString(value);
    }
    return this.#lastMember;
  }
}

/** What Splunk takes for the name of an index: lower case letters, digits, "_" and "-", beginning with neither. */
function indexName(text: string): string {
  return labelText(text, LONGEST_INDEX).toLowerCase().replace(/[^a-z0-9_-]/gu, "_").replace(/^[_-]+/u, "");
}
