import * as fs from "node:fs";
import type { ByteSource, OpenFile } from "./open_file.ts";

/**
 * The plain contents of a gzip file, read from the start to the end. Positions may go back by no more than what the
 * reader has not finished yet (the window below); concatenated members are read as one.
 */
export class GzipFile implements ByteSource {
  readonly #file: OpenFile;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;
  #ended = false;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  /** Rejects when the file is not whole (still being written) or damaged; the next read starts over. */
  async read(buffer: Uint8Array, length: number, position: number): Promise<number> {
    if (position < this.#windowStart) this.#restart();
    try {
      while (!this.#ended && this.#windowStart + this.#window.length < position + length) {
        await this.#pull(position);
      }
    } catch (error) {
      this.#restart();
      throw error;
    }
    const from = position - this.#windowStart;
    const part = this.#window.subarray(Math.max(0, from), Math.max(0, from) + length);
    buffer.set(part);
    return part.length;
  }

  close(): void {
    this.#restart();
    this.#file.close();
  }

  async #pull(position: number): Promise<void> {
    this.#chunks ??= await this.#open();
    const next = await this.#chunks.next();
    if (next.done) {
      this.#ended = true;
      return;
    }
    const drop = Math.min(this.#window.length, Math.max(0, position - this.#windowStart));
    const rest = this.#window.subarray(drop);
    const joined = new Uint8Array(rest.length + next.value.length);
    joined.set(rest);
    joined.set(next.value, rest.length);
    this.#window = joined;
    this.#windowStart += drop;
  }

  async #open(): Promise<AsyncIterator<Uint8Array>> {
    const { createGunzip } = await import("node:zlib");
    const plain = createGunzip();
    const packed = fs.createReadStream("", { fd: this.#file.descriptor, start: 0, autoClose: false });
    packed.on("error", (error: Error) => plain.destroy(error));
    packed.pipe(plain);
    return plain[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  #restart(): void {
    this.#chunks?.return?.()?.catch(() => {});
    this.#chunks = undefined;
    this.#window = new Uint8Array(0);
    this.#windowStart = 0;
    this.#ended = false;
  }
}
