import type { LogEvent } from "../event.ts";
import { EventJson } from "./event_json.ts";

/** Makes an output's bytes of events; it runs in the processor. */
export interface Encoder {
  /**
   * - `copy`: the record as it came, byte for byte; `encode` is not called.
   * - `lines`: every record is text with exactly one line feed, at its end.
   * - `text`: any text.
   */
  readonly kind: "copy" | "lines" | "text";
  encode(event: LogEvent): string;
  /** What the records of one request share. Without it, that depends on the source and the time alone. */
  partitionOf?(event: LogEvent): string;
  /** The key that the destination orders or spreads records by; undefined: this record has none. */
  keyOf?(event: LogEvent): string | undefined;
}

/**
 * Makes the encoder of an output of one type from its configuration. Throws KeyError for what is wrong with it. It
 * runs in workers, so its module must not lead to code that does I/O, or to a client library.
 */
export type EncoderFactory = (config: unknown, options: EncoderOptions) => Encoder;

/** What an encoder is made for. */
export interface EncoderOptions {
  /** Nothing was parsed or transformed: the message is the record as it came. */
  readonly plain: boolean;
  /** Event JSON has the record as it came as `raw`. */
  readonly includeRaw: boolean;
}

/** `auto`: event JSON where something is parsed or transformed, else lines as they came. */
export type LineEncoding = "auto" | "text" | "json";

/** The encoder of outputs that write lines: event JSON, or text. */
export function lineEncoder(encoding: LineEncoding, { plain, includeRaw }: EncoderOptions): Encoder {
  if (encoding === "json" || (encoding === "auto" && !plain)) {
    const json = new EventJson(includeRaw);
    return { kind: "lines", encode: (event) => json.write(event) };
  }
  if (plain) return { kind: "copy", encode: (event) => `${event.raw}\n` };
  // A record whose format has no message is told by what it was.
  return { kind: "text", encode: ({ message, raw }) => `${message === "" ? raw : message}\n` };
}
