import { Buffer } from "node:buffer";
import { countLines } from "./oracle.ts";

/** Collects what a process writes to a pipe; a test can let it pause, so that the pipe fills, or close it. */
export class ControlledReader {
  /** Resolves when the pipe has ended or was closed. */
  readonly finished: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunks: Uint8Array[] = [];
  #lines = 0;
  #length = 0;
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.finished = this.#run();
  }

  /** How many line breaks have come. */
  get lines(): number {
    return this.#lines;
  }

  /** How many bytes have come. */
  get length(): number {
    return this.#length;
  }

  /** All that has come. */
  bytes(): Uint8Array {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Uint8Array;
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Reads no more until `resume`; a read that is under way still ends. */
  pause(): void {
    this.#gate ??= Promise.withResolvers();
  }

  resume(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Closes the reading end: the process's next write fails. */
  async close(): Promise<void> {
    await this.#reader.cancel();
    this.resume();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#gate?.promise;
      const { value, done } = await this.#reader.read();
      if (done) return;
      this.#chunks.push(value);
      this.#length += value.length;
      this.#lines += countLines(value);
    }
  }
}
