import type { FileInputConfig } from "../../../src/inputs/file/file_input_config.ts";
import { fileInput } from "../../../src/inputs/file/file_input.ts";
import { type Bench, Collector, configOf } from "./support.ts";

/** An input that runs on a bench until it is stopped. */
export class Running implements AsyncDisposable {
  readonly collector: Collector;
  readonly #stop = new AbortController();
  readonly done: Promise<void>;

  constructor(
    bench: Bench,
    config: Partial<FileInputConfig> = {},
    options: { once?: boolean; collector?: Collector } = {},
  ) {
    this.collector = options.collector ?? new Collector();
    const input = fileInput.create(configOf({ paths: [bench.path("*.log*")], ...config }), {
      name: "in",
      log: bench.log,
      checkpoints: bench.store,
      once: options.once ?? false,
      pollOnly: true,
      concurrentReads: 2,
      claims: bench.claims,
    });
    this.done = input.run(this.collector.emit, this.#stop.signal);
  }
  get records(): readonly string[] {
    return this.collector.records;
  }
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
