import { join } from "node:path";
import { javaRecord, jsonRecord, nginxRecord, type RecordMaker } from "./log_lines.ts";
import { LogWriter, type Rotation } from "./log_writer.ts";

/** Time between two bursts of records, in milliseconds. */
const TICK = 50;

interface Kind {
  readonly folder: string;
  readonly file: string;
  readonly record: RecordMaker;
  readonly rotation: Rotation;
  readonly rotateEvery: number;
  /** At most this many records in a tick. */
  readonly burst: number;
}

const KINDS: readonly Kind[] = [
  {
    folder: "nginx",
    file: "access.log",
    record: nginxRecord,
    rotation: "rename",
    rotateEvery: 2000,
    burst: 12,
  },
  { folder: "shop", file: "app.log", record: jsonRecord, rotation: "rename", rotateEvery: 3000, burst: 8 },
  {
    folder: "billing",
    file: "billing.log",
    record: javaRecord,
    rotation: "copytruncate",
    rotateEvery: 2500,
    burst: 4,
  },
];

/** Writes the logs of three programs below a folder, some 300 lines a second, and rotates them every few seconds. */
export class LogGenerator {
  readonly #writers: readonly { readonly writer: LogWriter; readonly burst: number }[];
  readonly #random: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(directory: string, random: () => number = Math.random) {
    this.#random = random;
    this.#writers = KINDS.map(({ folder, file, burst, ...kind }) => {
      Deno.mkdirSync(join(directory, folder), { recursive: true });
      const path = join(directory, folder, file);
      return { burst, writer: new LogWriter({ ...kind, path, keep: 5, random }, Date.now()) };
    });
  }

  /** Lines written so far. */
  get lines(): number {
    return this.#writers.reduce((sum, { writer }) => sum + writer.lines, 0);
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(Date.now()), TICK);
  }

  /** Writes one burst to each file. */
  tick(now: number): void {
    for (const { writer, burst } of this.#writers) writer.write(Math.round(this.#random() * burst), now);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { writer } of this.#writers) writer.close();
  }
}
