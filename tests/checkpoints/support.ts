import type { CheckpointStore } from "../../src/checkpoints/checkpoint_store.ts";
import {
  type CheckpointStoreOptions,
  openCheckpointStore,
} from "../../src/checkpoints/kv_checkpoint_store.ts";
import { type Log, silentLog } from "../../src/lib/log.ts";

/** Opens a store whose timers stay out of the way unless a test asks for them. */
export function openStore(
  options: Partial<CheckpointStoreOptions> & { directory: string },
): Promise<CheckpointStore> {
  return openCheckpointStore({ interval: 3_600_000, retention: Infinity, log: silentLog, ...options });
}

/** Runs a test on a directory for checkpoints, which does not exist yet, and removes it afterwards. */
export async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await body(`${parent}/checkpoints`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** A log that remembers its messages. */
export class RecordingLog implements Log {
  readonly messages: [level: string, message: string][] = [];

  debug(message: string): void {
    this.messages.push(["debug", message]);
  }

  info(message: string): void {
    this.messages.push(["info", message]);
  }

  warn(message: string): void {
    this.messages.push(["warn", message]);
  }

  error(message: string): void {
    this.messages.push(["error", message]);
  }

  /** Messages of one level. */
  of(level: string): string[] {
    return this.messages.filter(([of]) => of === level).map(([, message]) => message);
  }
}

/** A program of this directory in a process of its own, run with no more permissions than it needs. */
export function spawn(program: string, directory: string, ...args: string[]): Deno.ChildProcess {
  const file = new URL(program, import.meta.url).pathname;
  return new Deno.Command("deno", {
    args: [
      "run",
      "--no-check",
      `--allow-read=${directory}`,
      `--allow-write=${directory}`,
      file,
      directory,
      ...args,
    ],
    cwd: new URL("../..", import.meta.url).pathname,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
