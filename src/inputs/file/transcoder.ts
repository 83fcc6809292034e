import { LineScanner } from "../../framing/lines.ts";

const BYTE_ORDER_MARK = "\ufeff";

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

  /** The lines in UTF-8. `atStart`: they are the first of the file, where a byte order mark is dropped. */
  toUtf8(lines: Uint8Array, atStart: boolean): Uint8Array<ArrayBuffer> {
    const text = this.#decoder.decode(lines);
    return this.#encoder.encode(atStart && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  }
}
