import { Buffer } from "node:buffer";

/** An answer of the server (RESP 2). Errors stand among the others, since one command of several may fail. */
export type Reply = string | number | null | RedisError | readonly Reply[];

/** What the server says is wrong with a command: `WRONGTYPE Operation against …`. */
export class RedisError extends Error {
  override readonly name = "RedisError";

  /** The first word. */
  get kind(): string {
    return /^[A-Z]+/.exec(this.message)?.[0] ?? "";
  }
}

/** Much more than an answer to what is sent here has. */
const LONGEST_REPLY = 64 * 1024 * 1024;
/** Of what is no text of a known length. */
const LONGEST_LINE = 64 * 1024;
/** Shorter texts are put together here: calling the decoder takes longer. */
const SHORT_TEXT = 32;

const CR = 0x0d;
const LF = 0x0a;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Takes replies out of a stream. */
export class ReplyReader {
  onReply: (reply: Reply) => void = () => {};
  /** What is looked at; it begins with what was left of it the last time. */
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  /** Lists whose items have not all come, the innermost last. */
  readonly #lists: { readonly items: Reply[]; readonly length: number }[] = [];
  /** Bytes that have come since the last whole reply. */
  #held = 0;

  /** Throws an Error for what is no RESP. */
  take(bytes: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#at = 0;
    this.#held += bytes.length;
    while (this.#next());
    // The caller uses its bytes again.
    this.#bytes = this.#bytes.slice(this.#at);
    if (this.#held > LONGEST_REPLY) throw foreign();
  }

  /** Takes a reply, or the beginning of a list; false: not all of it is there. */
  #next(): boolean {
    const end = this.#lineEnd();
    if (end === -1) return false;
    const kind = this.#bytes[this.#at];
    const line = this.#text(this.#at + 1, end);
    switch (kind) {
      case 0x2b: // +
        return this.#give(line, end + 2);
      case 0x2d: // -
        return this.#give(new RedisError(line.replace(/\p{Cc}/gu, " ").slice(0, 300)), end + 2);
      case 0x3a: // :
        return this.#give(Number(line), end + 2);
      case 0x24: // $
        return this.#takeBulk(Number(line), end + 2);
      case 0x2a: // *
        return this.#beginList(Number(line), end + 2);
      default:
        throw foreign();
    }
  }

  #takeBulk(length: number, start: number): boolean {
    if (length === -1) return this.#give(null, start);
    checkLength(length);
    const end = start + length;
    return this.#bytes.length >= end + 2 && this.#give(this.#text(start, end), end + 2);
  }

  #beginList(length: number, next: number): boolean {
    if (length === -1) return this.#give(null, next);
    checkLength(length);
    if (length === 0) return this.#give([], next);
    this.#lists.push({ items: [], length });
    this.#at = next;
    return true;
  }

  /** A reply is whole, and with it maybe the lists that it is the last item of. The next one begins at `next`. */
  #give(reply: Reply, next: number): true {
    this.#at = next;
    let whole = reply;
    for (let list = this.#lists.at(-1); list !== undefined; list = this.#lists.at(-1)) {
      list.items.push(whole);
      if (list.items.length < list.length) return true;
      whole = list.items;
      this.#lists.pop();
    }
    this.#held = 0;
    this.onReply(whole);
    return true;
  }

  /** Where the line at the place ends; -1: its end is not there. */
  #lineEnd(): number {
    const bytes = this.#bytes;
    const last = bytes.length - 1;
    for (let at = this.#at; at < last; at++) if (bytes[at] === CR && bytes[at + 1] === LF) return at;
    if (last - this.#at > LONGEST_LINE) throw foreign();
    return -1;
  }

  #text(start: number, end: number): string {
    const bytes = this.#bytes;
    let text = "";
    if (end - start <= SHORT_TEXT) {
      let at = start;
      for (; at < end; at++) {
        const byte = bytes[at] ?? 0;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (at === end) return text;
    }
    return DECODER.decode(bytes.subarray(start, end));
  }
}

function checkLength(length: number): void {
  if (!(length >= 0 && length <= LONGEST_REPLY)) throw new Error("the server sends what is too long");
}

function foreign(): Error {
  return new Error("the server does not speak the protocol of Redis");
}

/** A command as the server reads it. */
export function command(...words: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return new TextEncoder().encode(`*${words.length}\r\n${parts.join("")}`);
}
