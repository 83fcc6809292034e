import { join } from "node:path";
import {
  deleteSegment,
  listSegments,
  type Progress,
  progressLine,
  progressName,
  readLines,
  readProgress,
  syncDirectory,
  tryLock,
} from "./dead_letter_files.ts";
import { type Letter, letterId, parseLetter } from "./dead_letter_line.ts";

/** A line of a segment that is still in the queue. */
export interface StoredLetter {
  readonly segment: string;
  /** Where its line begins. */
  readonly at: number;
  readonly line: Uint8Array;
  /** As it was tried last: with the latest reason, and the attempts of all tries. Undefined: the line is damaged. */
  readonly letter: Letter | undefined;
  /** When it was tried again last, in ms since 1970. */
  readonly triedAt: number | undefined;
  /** Outputs that have it already, of a letter that is processed again. */
  readonly has: ReadonlySet<string>;
}

/** Which letters are meant; what is absent does not matter. */
export interface LetterSelection {
  readonly output?: string | undefined;
  readonly input?: string | undefined;
  /** A part of the reason. */
  readonly reason?: string | undefined;
  readonly id?: string | undefined;
  /** Written before this time, in ms since 1970. */
  readonly before?: number | undefined;
}

/** Whether a letter is meant. Damaged lines are meant only where everything is. */
export function isSelected({ letter }: StoredLetter, selection: LetterSelection): boolean {
  const { output, input, reason, id, before } = selection;
  if (letter === undefined) return Object.values(selection).every((value) => value === undefined);
  return (output === undefined || letter.to?.output === output) &&
    (input === undefined || letter.from?.input === input) &&
    (reason === undefined || letter.reason.includes(reason)) &&
    (id === undefined || letterId(letter) === id) &&
    (before === undefined || letter.time < before);
}

/** What became of a letter, and of which. */
export type LetterProgress = Progress & Pick<StoredLetter, "segment">;

/**
 * The dead letters of a directory, for those who look at them and clear them away, also beside a running agent: that
 * writes to its segment, and this beside it.
 */
export class LetterArchive implements AsyncDisposable {
  readonly directory: string;
  readonly #progress = new Map<string, Deno.FsFile>();
  #lock: Deno.FsFile | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Takes the directory for this process until it is disposed, which `record` needs. False while another process has it,
   * or when there is no such directory.
   */
  async lock(): Promise<boolean> {
    try {
      this.#lock = await Deno.open(join(this.directory, "dlq.lock"), {
        create: true,
        write: true,
        mode: 0o640,
      });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    }
    return await tryLock(this.#lock);
  }

  /** All that is in the queue, oldest first. */
  async *letters(): AsyncGenerator<StoredLetter> {
    for (const segment of await listSegments(this.directory)) {
      const progress = Map.groupBy(await readProgress(this.directory, segment), ({ at }) => at);
      for await (const { at, line } of readLines(join(this.directory, segment))) {
        const stored = storedLetter(segment, at, line, progress.get(at) ?? []);
        if (stored !== undefined) yield stored;
      }
    }
  }

  /** Writes down what became of letters; resolves once that is on the disk. */
  async record(all: readonly LetterProgress[]): Promise<void> {
    for (const [segment, own] of Map.groupBy(all, ({ segment }) => segment)) {
      const file = this.#progress.get(segment) ?? await this.#openProgress(segment);
      const { size } = await file.stat();
      const bytes = new TextEncoder().encode(own.map(progressLine).join(""));
      try {
        for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
        await file.syncData();
      } catch (error) {
        await file.truncate(size).catch(() => {});
        throw error;
      }
    }
  }

  /** Deletes segments that have nothing left in them and that nobody writes to. */
  async tidy(): Promise<void> {
    const left = new Set<string>();
    for await (const { segment } of this.letters()) left.add(segment);
    for (const segment of await listSegments(this.directory)) {
      if (left.has(segment)) continue;
      this.#progress.get(segment)?.close();
      this.#progress.delete(segment);
      await deleteSegment(this.directory, segment);
    }
    syncDirectory(this.directory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#progress.values()) file.close();
    this.#progress.clear();
    this.#lock?.close();
    this.#lock = undefined;
    return Promise.resolve();
  }

  async #openProgress(segment: string): Promise<Deno.FsFile> {
    const path = join(this.directory, progressName(segment));
    let whole = 0;
    for await (const { at, line } of readLines(path)) whole = at + line.length + 1;
    const file = await Deno.open(path, { create: true, append: true, read: true, mode: 0o640 });
    this.#progress.set(segment, file);
    // A line that was cut off must not become a part of the next one.
    if ((await file.stat()).size > whole) await file.truncate(whole);
    syncDirectory(this.directory);
    return file;
  }
}

/** Undefined when the letter is settled. */
function storedLetter(
  segment: string,
  at: number,
  line: Uint8Array,
  progress: readonly Progress[],
): StoredLetter | undefined {
  const has = new Set<string>();
  let letter = parseLetter(line);
  let triedAt: number | undefined;
  for (const { output, failed } of progress) {
    if (failed === undefined && output === undefined) return undefined;
    if (failed === undefined) has.add(output ?? "");
    else {
      const { time, attempts, reason } = failed;
      triedAt = time;
      letter = letter && {
        ...letter,
        attempts: letter.attempts + attempts,
        reason: output === undefined ? reason : `output "${output}": ${reason}`,
      };
    }
  }
  return { segment, at, line, letter, triedAt, has };
}
