import { isAscii } from "node:buffer";
import { generateFunction } from "../../lib/generated_function.ts";
import { formatRfc3339, isCanonicalRfc3339 } from "../../lib/rfc3339.ts";
import { copyBytes, OVERSHOOT } from "../json_splice/copy_bytes.ts";
import { FRAME, framePieces, Pieces } from "../json_splice/event_frame.ts";
import type { JsonSplice } from "../json_splice/json_splice.ts";
import { LEVELS } from "../json_splice/level_words.ts";
import { AsciiText, LONGEST_TIME } from "../json_splice/member_time.ts";
import type { CaptureField, CaptureSplicePlan } from "./capture_splice_plan.ts";
import { copyPlain } from "./plain_copy.ts";

/** No field. */
const NONE = -1;
const UNUSUAL = -2;
const TEXT_BYTES = 32 * 1024;
/** Digits that every number may have and stay what it is. */
const MOST_DIGITS = 15;
const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const RIGHT_BRACE = 0x7d;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/** Makes event JSON of lines that match a pattern, by moving the bytes of what its groups match. Takes ASCII lines. */
export class CaptureSplice implements JsonSplice {
  readonly #plan: CaptureSplicePlan;
  readonly #locate: (match: RegExpExecArray, start: number, places: Int32Array) => void;
  readonly #groups: Int32Array;
  readonly #places: Int32Array;
  /** What stands before the value of each field, then the constants. */
  readonly #pieces: Pieces;
  #frame = framePieces("");
  #source = "";
  #receivedAt = 0;
  readonly #receivedText = new AsciiText();
  /** Many records of one second have the same text. */
  #lastTime = "";
  readonly #timeText = new AsciiText();
  /** Most bytes of an event that do not come from its line. */
  #overhead = 0;
  /** Some of the last bytes as text. */
  #text = "";
  #textStart = 0;
  #textEnd = 0;
  #isTextAscii = false;
  /** The arrays of the last call, and views over the same bytes. */
  #bytes: Uint8Array = NO_BYTES;
  #view: DataView = NO_VIEW;
  #out: Uint8Array = NO_BYTES;
  #outView: DataView = NO_VIEW;

  constructor(plan: CaptureSplicePlan) {
    this.#plan = plan;
    const { fields, declarations, constants } = plan;
    const stores = fields.map(({ place }, index) => `places[${index}] = ${place};`);
    this.#locate = generateFunction(
      `function locate(match, start, places) {\n${[...declarations, ...stores].join("\n")}\n}`,
    );
    this.#groups = Int32Array.from(fields, ({ group }) => group);
    this.#places = new Int32Array(fields.length);
    const keys = fields.map(({ name, isNumber }) => `${JSON.stringify(name)}:${isNumber ? "" : '"'}`);
    this.#pieces = new Pieces([...keys, ...constants.map((member) => `${member},`)]);
    this.begin("", 0);
  }

  begin(source: string, receivedAt: number): void {
    if (source !== this.#source) {
      this.#source = source;
      this.#frame = framePieces(source);
    }
    this.#receivedAt = receivedAt;
    this.#receivedText.length = 0;
    // What a text without a date means depends on when it came.
    this.#lastTime = "";
    // Buffers of batches that are gone are not to be kept.
    this.#bytes = this.#out = NO_BYTES;
    this.#view = this.#outView = NO_VIEW;
    this.#overhead = this.#frame.bytes.length + this.#pieces.bytes.length + LONGEST_TIME +
      8 * this.#groups.length + 16 + OVERSHOOT;
  }

  bound(length: number): number {
    return 2 * length + this.#overhead;
  }

  splice(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
    if (to > bytes.length || out.length - at < this.bound(to - from)) return -1;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#textEnd = 0;
    }
    if (out !== this.#out) {
      this.#out = out;
      this.#outView = new DataView(out.buffer, out.byteOffset, out.byteLength);
    }
    const line = this.#lineOf(bytes, from, to);
    const match = line === undefined ? null : this.#match(line);
    if (match === null) return -1;
    this.#locate(match, from + match.index, this.#places);
    const time = this.#takeTime(match);
    if (time === UNUSUAL) return -1;
    let levelIndex = NONE;
    let level = NONE;
    for (const field of this.#plan.levelFields) {
      const text = this.#textOf(match, field);
      const found = text === undefined || field === time ? undefined : this.#plan.parseLevel(text);
      if (found === undefined) continue;
      level = field;
      levelIndex = LEVELS.indexOf(found);
      break;
    }
    let message = NONE;
    for (const field of this.#plan.messageFields) {
      if (field === time || field === level || this.#textOf(match, field) === undefined) continue;
      message = field;
      break;
    }
    return this.#write(match, at, time, level, levelIndex, message);
  }

  #lineOf(bytes: Uint8Array, from: number, to: number): string | undefined {
    if (from < this.#textStart || to > this.#textEnd) {
      this.#textStart = from;
      this.#textEnd = Math.min(Math.max(to, from + TEXT_BYTES), bytes.length);
      const text = bytes.subarray(from, this.#textEnd);
      this.#isTextAscii = isAscii(text);
      this.#text = this.#isTextAscii ? DECODER.decode(text) : "";
    }
    if (this.#isTextAscii) return this.#text.slice(from - this.#textStart, to - this.#textStart);
    const line = bytes.subarray(from, to);
    return isAscii(line) ? DECODER.decode(line) : undefined;
  }

  #match(line: string): RegExpExecArray | null {
    const { regexp, singleLine, required } = this.#plan;
    if (required !== "" && !line.includes(required)) return null;
    if (singleLine && line.includes("\n")) return null;
    try {
      return regexp.exec(line);
    } catch {
      return null;
    }
  }

  /** What fills a field; undefined if nothing does. */
  #textOf(match: RegExpExecArray, field: number): string | undefined {
    const text = match[this.#groups[field] as number];
    return text === "" && !this.#plan.keepEmpty ? undefined : text;
  }

  #takeTime(match: RegExpExecArray): number {
    for (const field of this.#plan.timeFields) {
      const text = this.#textOf(match, field);
      if (text === undefined) continue;
      if (text === this.#lastTime && text !== "") return field;
      const time = this.#plan.parseTime(text);
      if (time !== time) {
        if (this.#plan.isTimeExpected) return UNUSUAL;
        continue;
      }
      this.#timeText.set(isCanonicalRfc3339(text) ? text : formatRfc3339(time));
      // A copy: a part of a text keeps the whole of it alive.
      const place = this.#places[field] as number;
      this.#lastTime = DECODER.decode(this.#bytes.subarray(place, place + text.length));
      return field;
    }
    return NONE;
  }

  #write(
    match: RegExpExecArray,
    at: number,
    time: number,
    level: number,
    levelIndex: number,
    message: number,
  ): number {
    const out = this.#out;
    const outView = this.#outView;
    const { bytes, view, starts } = this.#frame;
    let length = starts[FRAME.start + 1] as number;
    copyBytes(bytes, view, 0, length, out, outView, at);
    let end = at + length;
    if (time === NONE && this.#receivedText.length === 0) {
      this.#receivedText.set(formatRfc3339(this.#receivedAt));
    }
    const text = time === NONE ? this.#receivedText : this.#timeText;
    copyBytes(text.bytes, text.view, 0, text.length, out, outView, end);
    end += text.length;

    let start = starts[FRAME.message] as number;
    length = (starts[FRAME.message + 1] as number) - start;
    copyBytes(bytes, view, start, length, out, outView, end);
    end += length;
    out[end++] = QUOTE;
    if (message !== NONE) end = this.#writeText(match, message, end);
    if (end < 0) return -1;
    out[end++] = QUOTE;

    start = starts[FRAME.fields + 1 + levelIndex] as number;
    length = (starts[FRAME.fields + 2 + levelIndex] as number) - start;
    copyBytes(bytes, view, start, length, out, outView, end);
    end += length;
    return this.#writeFields(match, end, time, level, message);
  }

  #writeFields(
    match: RegExpExecArray,
    from: number,
    time: number,
    level: number,
    message: number,
  ): number {
    const out = this.#out;
    const outView = this.#outView;
    const { bytes, view, starts } = this.#pieces;
    const fields = this.#plan.fields;
    let end = from;
    for (let index = 0; index < fields.length; index++) {
      if (index === time || index === level || index === message) continue;
      if (this.#textOf(match, index) === undefined) continue;
      const start = starts[index] as number;
      const length = (starts[index + 1] as number) - start;
      copyBytes(bytes, view, start, length, out, outView, end);
      end = this.#writeText(match, index, end + length);
      if (end < 0) return -1;
      if ((fields[index] as CaptureField).isNumber) {
        if (!isNumber(out, end - (match[this.#groups[index] as number] as string).length, end)) return -1;
      } else out[end++] = QUOTE;
      // A comma follows each member; the last one is overwritten.
      out[end++] = COMMA;
    }
    const start = starts[fields.length] as number;
    const length = (starts[starts.length - 1] as number) - start;
    copyBytes(bytes, view, start, length, out, outView, end);
    end += length;
    if (end > from) end--;
    out[end] = RIGHT_BRACE;
    out[end + 1] = RIGHT_BRACE;
    out[end + 2] = LINE_FEED;
    return end + 3;
  }

  /** Writes the text of a group as it stands in a JSON string, and answers where it ends; -1: there is no room. */
  #writeText(match: RegExpExecArray, field: number, at: number): number {
    const text = match[this.#groups[field] as number] as string;
    const { length } = text;
    const out = this.#out;
    if (out.length - at < length + this.#overhead) return -1;
    const place = this.#places[field] as number;
    const bytes = this.#bytes;
    if (bytes[place] !== QUOTE) {
      if (copyPlain(bytes, this.#view, place, length, out, this.#outView, at)) return at + length;
    } else if (length > 1 && bytes[place + length - 1] === QUOTE) {
      // Patterns for what stands in quotes often take these with it.
      if (copyPlain(bytes, this.#view, place + 1, length - 2, out, this.#outView, at + 2)) {
        out[at] = out[at + length] = BACKSLASH;
        out[at + 1] = out[at + length + 1] = QUOTE;
        return at + length + 2;
      }
    }
    const json = JSON.stringify(text);
    if (out.length - at < json.length + this.#overhead) return -1;
    for (let index = 1; index < json.length - 1; index++) out[at + index - 1] = json.charCodeAt(index);
    return at + json.length - 2;
  }
}

/** Whether bytes[from..to) is an integer as JSON writes it, which no double changes. */
function isNumber(bytes: Uint8Array, from: number, to: number): boolean {
  if (to === from || to - from > MOST_DIGITS || (bytes[from] === ZERO && to - from > 1)) return false;
  for (let at = from; at < to; at++) {
    if (((bytes[at] as number) - ZERO) >>> 0 > 9) return false;
  }
  return true;
}
