import type { FieldValue } from "../../event.ts";
import { textOf } from "../../encoding/field_value.ts";

/** Stands for the name of this machine, which the encoder cannot know; the output puts that in its place. */
export const THIS_HOST = "\x01";

/** What stands where there is no value. */
export const NIL = "-";

/** Makes one part of a header of values. Neighbouring records share them, so the last one is remembered. */
export class HeaderText {
  #value: FieldValue | undefined;
  #text: string;

  /**
   * `limit`: characters at most; `others`: what cannot stand there, with the flag g; `absent`: what stands there for
   * no value.
   */
  constructor(readonly limit: number, readonly others: RegExp, readonly absent: string) {
    this.#text = absent;
  }

  of(value: FieldValue | undefined): string {
    if (value === this.#value) return this.#text;
    const text = value === undefined || value === null
      ? ""
      // More than enough to be cut is not looked at.
      : textOf(value).slice(0, this.limit).replace(this.others, "_");
    this.#text = text === "" ? this.absent : text;
    this.#value = value;
    return this.#text;
  }
}

/** All but printable ASCII, which is what the parts of a header are made of. */
export const NOT_PRINTABLE = /[^!-~]/g;
/** The tag of RFC 3164 ends at the first of these, too. */
export const NOT_IN_TAG = /[^!-~]|[:[\]]/g;

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    // Both halves of a pair have been counted; together they have four bytes.
    if (isPair(text, at, code)) {
      at++;
    }
  }
  return bytes;
}

/** The longest beginning of a text with at most so many bytes in UTF-8. */
export function utf8Start(text: string, limit: number): string {
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const pair = isPair(text, at, code);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : pair ? 4 : 3;
    if (bytes > limit) break;
    at += pair ? 2 : 1;
  }
  return text.slice(0, at);
}

function isPair(text: string, at: number, code: number): boolean {
  if (code < 0xd800 || code > 0xdbff) return false;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
