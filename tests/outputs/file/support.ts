import * as fs from "node:fs";
import type { JsonObject } from "../../../src/checkpoints/checkpoint_store.ts";
import { FileOutput } from "../../../src/outputs/file/file_output.ts";
import { fileOutput, type FileOutputConfig } from "../../../src/outputs/file/file_output_config.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";

/** A fixed start for tests with a clock of their own. */
export const START = Date.UTC(2026, 10, 22, 10, 15, 0);

/** An output in a directory of its own, with a clock and a store that commits when asked. */
export class FileBench implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly signal = new AbortController().signal;
  /** Milliseconds since 1970; tests move it on. */
  time = START;
  /** The state as committed last. */
  saved: JsonObject | undefined;
  commits = 0;
  /** Called before each commit. */
  onCommit: () => void = () => {};
  output: FileOutput;

  private constructor(readonly directory: string, readonly config: Partial<FileOutputConfig>) {
    this.output = this.#create();
  }

  /** `path` is relative to the bench's directory. */
  static create(
    path: string,
    config: Partial<FileOutputConfig> = {},
    directory = Deno.makeTempDirSync(),
  ): FileBench {
    return new FileBench(directory, { ...config, path: `${directory}/${path}` });
  }

  path(name: string): string {
    return `${this.directory}/${name}`;
  }

  read(name: string): string {
    return fs.readFileSync(this.path(name), "utf8");
  }

  /** The names in the directory, sorted. */
  names(directory = "."): string[] {
    return fs.readdirSync(this.path(directory)).sort();
  }

  async send(name: string, ...records: string[]): Promise<void> {
    await this.output.send(batchOf(records, this.path(name)));
  }

  /** What the store does at each interval; `isLast`: when it closes. */
  async checkpoint(isLast = false): Promise<void> {
    this.onCommit();
    const moment = this.output.participant.snapshot(isLast);
    await moment.sync();
    this.saved = moment.state;
    this.commits++;
  }

  /** Starts a new output from the saved state without closing the old one, as after SIGKILL. */
  async crash(replayable = true): Promise<void> {
    const killed = this.output;
    this.output = this.#create();
    this.output.participant.restore(this.saved, replayable);
    await this.output.open();
    // Only frees its descriptors: it takes part in no commit any more.
    await killed[Symbol.asyncDispose]();
  }

  /** Like `crash`, with an orderly end. */
  async restart(meanwhile: () => void = () => {}): Promise<void> {
    await this.checkpoint(true);
    await this.output[Symbol.asyncDispose]();
    meanwhile();
    this.output = this.#create();
    this.output.participant.restore(this.saved, true);
    await this.output.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    Deno.removeSync(this.directory, { recursive: true });
  }

  #create(): FileOutput {
    const output = new FileOutput(configOf(this.config), { name: "out", log: this.log }, () => this.time);
    output.participant.commit = () => this.checkpoint();
    return output;
  }
}

/** A whole configuration with the schema's defaults. */
export function configOf(config: Partial<FileOutputConfig>): FileOutputConfig {
  const defaults = {
    timezone: "utc",
    mode: "0640",
    encoding: "auto",
    max_files: 0,
    compress: false,
    fsync: "checkpoint",
    fsync_interval: 1000,
  };
  return { ...defaults, ...config } as FileOutputConfig;
}

export { fileOutput };
