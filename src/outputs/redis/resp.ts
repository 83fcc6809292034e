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

/** Takes replies out of a stream. */
export class ReplyReader {
  onReply: (reply: Reply) => void = () => {};
  #rest = Buffer.alloc(0);
  #at = 0;

  /** Throws an Error for what is no RESP. */
  take(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      this.#at = 0;
      const reply = this.#read();
      if (reply === undefined) break;
      this.#rest = this.#rest.subarray(this.#at);
      this.onReply(reply);
    }
    if (this.#rest.length > LONGEST_REPLY) throw new Error("the server does not speak the protocol of Redis");
  }

  /** The reply at the place; undefined: not all of it is there. */
  #read(): Reply | undefined {
    const end = this.#rest.indexOf("\r\n", this.#at);
    if (end === -1) return undefined;
    const kind = this.#rest[this.#at];
    const line = this.#rest.subarray(this.#at + 1, end).toString("utf8");
    this.#at = end + 2;
    switch (kind) {
      case 0x2b: // +
        return line;
      case 0x2d: // -
        return new RedisError(line.replace(/\p{Cc}/gu, " ").slice(0, 300));
      case 0x3a: // :
        return Number(line);
      case 0x24: // $
        return this.#readBulk(Number(line));
      case 0x2a: // *
        return this.#readList(Number(line));
      default:
        throw new Error("the server does not speak the protocol of Redis");
    }
  }

  #readBulk(length: number): Reply | undefined {
    if (length === -1) return null;
    if (!(length >= 0 && length <= LONGEST_REPLY)) throw new Error("the server sends what is too long");
    const end = this.#at + length;
    if (this.#rest.length < end + 2) return undefined;
    const text = this.#rest.subarray(this.#at, end).toString("utf8");
    this.#at = end + 2;
    return text;
  }

  #readList(length: number): Reply | undefined {
    if (length === -1) return null;
    const list: Reply[] = [];
    for (let index = 0; index < length; index++) {
      const item = this.#read();
      if (item === undefined) return undefined;
      list.push(item);
    }
    return list;
  }
}

/** A command as the server reads it. */
export function command(...words: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return new TextEncoder().encode(`*${words.length}\r\n${parts.join("")}`);
}
