import type { ComponentType } from "../../component.ts";
import type { Emit, Input, InputContext } from "../input.ts";
import { BufferPool } from "./buffer_pool.ts";
import { Discovery } from "./discovery.ts";
import { type FileInputConfig, fileInputConfig } from "./file_input_config.ts";
import { FileInputRun } from "./file_input_run.ts";
import { TAIL_BYTES } from "./fingerprint.ts";
import { baseDirectories } from "./finder.ts";
import { TailRegistry } from "./tail_registry.ts";
import { Transcoder } from "./transcoder.ts";

/** Bytes of a read; a batch is at most that large, but for a single longer line. */
const READ_BYTES = 256 * 1024;

/** `inputs.files`: reads files as they grow, through every kind of rotation. */
export const fileInput: ComponentType<FileInputConfig, Input, InputContext> = {
  schema: fileInputConfig,
  example: { paths: ["/var/log/*.log"], exclude_paths: ["*.gz"], start_at: "end" },
  permissions(config) {
    const read = [
      ...baseDirectories(config.paths),
      ...(config.copies_directory ? [config.copies_directory] : []),
    ];
    const checkpoints = { path: config.checkpoint_path, why: "keep the positions in files" };
    return [
      ...read.map((path) => ({ name: "read" as const, path, why: "read the files of inputs.files" })),
      { name: "read", ...checkpoints },
      { name: "write", ...checkpoints },
    ];
  },
  create: (config, context) => new FileInput(config, context),
};

/** Reads the files of one entry of `inputs.files`. */
class FileInput implements Input {
  readonly #config: FileInputConfig;
  readonly #context: InputContext;
  readonly #pool = new BufferPool(TAIL_BYTES + READ_BYTES, 16);
  readonly #registry: TailRegistry;
  readonly #discovery: Discovery;

  constructor(config: FileInputConfig, context: InputContext) {
    this.#config = config;
    this.#context = context;
    const { checkpoints, claims, framer, log, name } = context;
    this.#registry = new TailRegistry({
      input: name,
      config,
      log,
      checkpoints,
      claims,
      reader: {
        maxLineBytes: config.max_line_bytes,
        transcoder: Transcoder.for(config.encoding),
        framer,
        pool: this.#pool,
      },
      now: Date.now,
    });
    this.#discovery = new Discovery(this.#registry);
  }

  canReplay(): Promise<boolean> {
    return this.#discovery.prepare();
  }

  async run(emit: Emit, stop: AbortSignal): Promise<void> {
    await new FileInputRun(
      this.#config,
      this.#context,
      this.#registry,
      this.#discovery,
      this.#pool,
      emit,
      stop,
    ).run();
  }
}
