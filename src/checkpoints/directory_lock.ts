import { reasonOf } from "../lib/reason.ts";

/** Thrown when another agent holds the checkpoint directory. */
export class CheckpointDirectoryInUseError extends Error {
  override readonly name = "CheckpointDirectoryInUseError";
  /** Process id of the agent that holds it, if it can be read. */
  readonly pid: number | undefined;

  constructor(directory: string, pid: number | undefined) {
    const holder = pid === undefined ? "another agent" : `another agent (process ${pid})`;
    super(
      `Cannot use "${directory}" for checkpoints: ${holder} is using it; ` +
        "stop that one first, or give this one a directory of its own",
    );
    this.pid = pid;
  }
}

/**
 * The lock on a checkpoint directory: `<directory>/lock`, locked by the operating system as long as the process lives
 * and holding its process id. The file is never removed, since two could then lock two files of that name.
 */
export class DirectoryLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #inode: number | null;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    this.#inode = Deno.statSync(path).ino;
  }

  /**
   * Takes the lock. Tries for a short while, since `checkpoints list` holds it for a moment too.
   * Throws CheckpointDirectoryInUseError when somebody else keeps it.
   */
  static async acquire(directory: string, attempts = 4): Promise<DirectoryLock> {
    for (let attempt = 1;; attempt++) {
      const lock = DirectoryLock.tryAcquire(directory);
      if (lock !== undefined) return lock;
      if (attempt >= attempts) throw new CheckpointDirectoryInUseError(directory, readHolder(directory));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Takes the lock, or returns undefined when somebody has it. */
  static tryAcquire(directory: string): DirectoryLock | undefined {
    const path = `${directory}/lock`;
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    } catch (cause) {
      throw new Error(
        `Cannot use "${directory}" for checkpoints: ${
          reasonOf(cause)
        }; the agent must be able to create and ` +
          "write files in this directory",
        { cause },
      );
    }
    try {
      if (file.tryLockSync(true)) return new DirectoryLock(path, writeHolder(file));
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return undefined;
  }

  /** Whether the locked file still stands under its name: false once somebody removed or replaced it. */
  isInPlace(): boolean {
    try {
      return Deno.statSync(this.#path).ino === this.#inode;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Process id in the lock file, or undefined if there is none. It says nothing of whether the lock is held. */
export function readHolder(directory: string): number | undefined {
  try {
    const pid = Number.parseInt(Deno.readTextFileSync(`${directory}/lock`), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Writes our process id. On a full disk it is only missing from the message that a second agent gives. */
function writeHolder(file: Deno.FsFile): Deno.FsFile {
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // The lock itself holds.
  }
  return file;
}
