import { Buffer } from "node:buffer";
import { type EncodedBatch, recordId } from "../../batch.ts";
import { contentEnd, writeNumber } from "../socket/framing.ts";

const DOLLAR = 36;
const CR = 13;
const LF = 10;
/** `$`, a number of at most ten digits, and two line ends around the record. */
const FRAME = 15;

/** Makes the commands that add records to a stream: `XADD key [MAXLEN ~ n] * field record [id-field id]`. */
export class Additions {
  readonly #config: { readonly field: string; readonly id_field: string; readonly maxlen: number };
  /** What stands before the record, of the last key. */
  #head = { key: "", withId: false, bytes: new Uint8Array() };

  constructor(config: { readonly field: string; readonly id_field: string; readonly maxlen: number }) {
    this.#config = config;
  }

  /** The commands for some records of a batch, by index. */
  of(batch: EncodedBatch, key: string, records: readonly number[]): Uint8Array {
    const { bytes, ends } = batch;
    const withId = this.#config.id_field !== "" && batch.ids !== undefined;
    const head = this.#headFor(key, withId);
    const tails = withId ? records.map((index) => this.#tail(recordId(batch, index) ?? "")) : [];
    const tailBytes = tails.reduce((sum, tail) => sum + tail.length, 0);
    const commands = new Uint8Array(bytes.length + records.length * (head.length + FRAME) + tailBytes);
    let at = 0;
    records.forEach((index, position) => {
      const start = index === 0 ? 0 : ends[index - 1] ?? 0;
      const end = contentEnd(batch, index);
      commands.set(head, at);
      at += head.length;
      commands[at++] = DOLLAR;
      at = writeNumber(commands, at, end - start);
      commands[at++] = CR;
      commands[at++] = LF;
      commands.set(bytes.subarray(start, end), at);
      at += end - start;
      commands[at++] = CR;
      commands[at++] = LF;
      const tail = tails[position];
      if (tail === undefined) return;
      commands.set(tail, at);
      at += tail.length;
    });
    return commands.subarray(0, at);
  }

  #headFor(key: string, withId: boolean): Uint8Array {
    if (this.#head.key !== key || this.#head.withId !== withId) {
      const { field, maxlen } = this.#config;
      const limit = maxlen === 0 ? [] : ["MAXLEN", "~", String(maxlen)];
      const words = ["XADD", key, ...limit, "*", field];
      const count = words.length + (withId ? 3 : 1);
      this.#head = { key, withId, bytes: Buffer.from(`*${count}\r\n${words.map(bulk).join("")}`) };
    }
    return this.#head.bytes;
  }

  #tail(id: string): Uint8Array {
    return Buffer.from(bulk(this.#config.id_field) + bulk(id));
  }
}

function bulk(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}
