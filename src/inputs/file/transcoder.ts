import { LineScanner } from "../../framing/lines.ts";
import { cutLine } from "./long_lines.ts";

const BYTE_ORDER_MARK = "\ufeff";
const REPLACEMENT = new TextEncoder().encode("\ufffd");

/** Converts whole lines of another encoding to UTF-8. Every line stays one line. */
export class Transcoder {
  readonly #decoder: TextDecoder;
  readonly #encoder = new TextEncoder();
  /** Finds the lines in the encoded bytes. */
  readonly scanner: LineScanner;
  /** Bytes of a code unit: positions are multiples of it. */
  readonly unit: 1 | 2;

  private constructor(decoder: TextDecoder) {
    this.#decoder = decoder;
    const wide = decoder.encoding === "utf-16le" || decoder.encoding === "utf-16be";
    this.unit = wide ? 2 : 1;
    this.scanner = new LineScanner(wide ? decoder.encoding as "utf-16le" | "utf-16be" : "single");
  }

  /** The transcoder for an encoding by its WHATWG name; undefined for UTF-8, whose bytes pass unchanged. */
  static for(label: string): Transcoder | undefined {
    const decoder = new TextDecoder(label, { ignoreBOM: true });
    return decoder.encoding === "utf-8" ? undefined : new Transcoder(decoder);
  }

  /** The beginning of a line that is longer than `max` bytes of this encoding, in UTF-8, marked as cut. */
  beginning(line: Uint8Array, max: number, atStart: boolean): Uint8Array<ArrayBuffer> {
    const whole = this.toUtf8(line.subarray(0, max - max % this.unit), atStart);
    // What stands for a character that was cut in two.
    const torn = REPLACEMENT.every((byte, index) =>
      whole[whole.length - REPLACEMENT.length + index] === byte
    );
    const text = torn ? whole.subarray(0, -REPLACEMENT.length) : whole;
    return cutLine(text, text.length);
  }

  /** The lines in UTF-8. `atStart`: they are the first of the file, where a byte order mark is dropped. */
  toUtf8(lines: Uint8Array, atStart: boolean): Uint8Array<ArrayBuffer> {
    const text = this.#decoder.decode(lines);
    return this.#encoder.encode(atStart && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  }
}
