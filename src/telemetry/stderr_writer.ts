/** The part of `Deno.stderr` that is needed. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Bytes that may wait for a reader that has stopped reading; what comes beyond is dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Writes lines in order without ever blocking the event loop: a terminal or pipe that nobody reads must not stop the
 * agent. A closed stderr is no failure; from then on lines go nowhere.
 */
export class StderrWriter {
  readonly #sink: ByteSink;
  readonly #encoder = new TextEncoder();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #closed = false;
  #writing: Promise<void> | undefined;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Queues one line; the terminator is added here. */
  write(line: string): void {
    if (this.#closed) return;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      this.#push(`… ${this.#dropped} log lines dropped, since nobody read them\n`);
      this.#dropped = 0;
    }
    this.#push(`${line}\n`);
    this.#writing ??= this.#drain();
  }

  /** Resolves once all that was written has left the process, or after `timeout` milliseconds. */
  async flush(timeout: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeout);
    await Promise.race([this.#writing, promise]);
    clearTimeout(timer);
  }

  #push(text: string): void {
    const bytes = this.#encoder.encode(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#closed) {
      const bytes = joined(this.#waiting);
      this.#waiting = [];
      await this.#writeAll(bytes);
      this.#waitingBytes -= bytes.byteLength;
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.byteLength;) {
      try {
        offset += await this.#sink.write(bytes.subarray(offset));
      } catch (error) {
        if (error instanceof Deno.errors.WouldBlock) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        } else if (!(error instanceof Deno.errors.Interrupted)) {
          this.#closed = true;
          return;
        }
      }
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
