import { reasonOf } from "../../lib/reason.ts";

/** Tries so often, this many ms apart, since `logaggregator wal` holds the lock for a moment too. */
const ATTEMPTS = 4;
const PAUSE = 50;

/** Thrown when another process has the directory of the log. */
export class LogInUseError extends Error {
  override readonly name = "LogInUseError";

  /** `pid`: of the process that has it, if that can be read. */
  constructor(directory: string, pid: number | undefined) {
    const holder = pid === undefined ? "another process" : `process ${pid}`;
    super(
      `Cannot use "${directory}" for the write-ahead log: ${holder} is using it; ` +
        "stop that one first, or give this one a directory of its own",
    );
  }
}

/**
 * The lock on a log: its file `lock`, locked by the operating system as long as the process lives. The file is never
 * removed, since two could then lock two files of that name.
 */
export class DirectoryLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Throws a LogInUseError when somebody else has it. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const path = `${directory}/lock`;
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    } catch (cause) {
      throw new Error(
        `Cannot use "${directory}" for the write-ahead log: ${reasonOf(cause)}; ` +
          "the agent must be able to create and write files in it",
        { cause },
      );
    }
    try {
      for (let attempt = 1; !(await file.tryLock(true)); attempt++) {
        if (attempt >= ATTEMPTS) throw new LogInUseError(directory, await readHolder(path));
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      // Only for the message above: on a full disk it is missing there, the lock itself holds.
      await file.truncate(0).then(() => file.write(new TextEncoder().encode(`${Deno.pid}\n`))).catch(
        () => {},
      );
      return new DirectoryLock(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function readHolder(path: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await Deno.readTextFile(path), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
