import * as fs from "node:fs";
import type { Log } from "../../lib/log.ts";
import { codeOf, reasonOf } from "../../lib/reason.ts";
import { GZIP_SUFFIX, UNFINISHED_SUFFIX } from "./rotation.ts";

/** Compresses closed files one after another, in the background. */
export class Compressor {
  readonly #log: Log;
  readonly #syncDirectoryOf: (path: string) => void;
  readonly #stop = new AbortController();
  readonly #queue: string[] = [];
  #running: Promise<void> | undefined;

  /** `syncDirectoryOf` makes a new name durable. */
  constructor(log: Log, syncDirectoryOf: (path: string) => void) {
    this.#log = log;
    this.#syncDirectoryOf = syncDirectoryOf;
  }

  /** What is not finished, oldest first. */
  get pending(): readonly string[] {
    return this.#queue;
  }

  /** Adds a file that nobody writes to any more. */
  add(path: string): void {
    this.#queue.push(path);
    this.#running ??= this.#run();
  }

  /** Resolves once nothing is left to do. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Gives up what runs now; the plain files stay, and the saved state tells the next start of them. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let path = this.#queue[0]; path !== undefined && !this.#stop.signal.aborted; path = this.#queue[0]) {
      try {
        await this.#compress(path);
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        if (codeOf(error) !== "ENOENT") {
          this.#log.warn(`Cannot compress "${path}": ${reasonOf(error)}; it stays as it is`, { path });
        }
      }
      this.#queue.shift();
    }
    this.#running = undefined;
  }

  /** At every moment either the plain file or a whole compressed one is there. */
  async #compress(path: string): Promise<void> {
    const unfinished = path + UNFINISHED_SUFFIX;
    const [{ createGzip }, { pipeline }] = await Promise.all([
      import("node:zlib"),
      import("node:stream/promises"),
    ]);
    try {
      const mode = fs.statSync(path).mode & 0o777;
      await pipeline(
        fs.createReadStream(path, { highWaterMark: 256 * 1024 }),
        createGzip(),
        fs.createWriteStream(unfinished, { mode }),
        { signal: this.#stop.signal },
      );
      const fd = fs.openSync(unfinished, "r+");
      try {
        await new Promise<void>((resolve, reject) =>
          fs.fsync(fd, (error) => error ? reject(error) : resolve())
        );
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(unfinished, path + GZIP_SUFFIX);
      this.#syncDirectoryOf(path);
      fs.unlinkSync(path);
    } catch (error) {
      fs.rmSync(unfinished, { force: true });
      throw error;
    }
  }
}
