import type { RecordIds } from "../../batch.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { type IdRun, recordsOutside, sharesRecords } from "./id_runs.ts";
import { JournalFile, type JournalLine } from "./journal_file.ts";

/** An object that was begun. */
export interface JournalEntry {
  readonly number: number;
  readonly key: string;
  /** The records in it. */
  readonly runs: readonly IdRun[];
  /** Characters that it takes in the file. */
  readonly size: number;
  /** Whether it is known to be in the bucket. */
  isThere: boolean;
  /** Of an upload in parts that may be under way. */
  uploadId: string | undefined;
}

/** What a journal is made of. */
export interface JournalOptions {
  /** Without it, the journal ends with the process. */
  readonly path: string | undefined;
  /** Has the inputs' positions saved; rejects when that fails. */
  readonly savePositions: () => Promise<void>;
  readonly log: Log;
  /** Characters of entries that are kept at least; for tests. */
  readonly window?: number;
}

/** About two characters for each record. */
const WINDOW = 4 * 1024 * 1024;
/** Without saved positions more is kept, but not for ever. */
const LARGEST = 8;
/** Objects that may be left unsettled, since their records were given up. */
const MOST_UNSETTLED = 1000;

/**
 * Knows which records are in the bucket already, also after a crash. Before an object is uploaded, its key and the ids
 * of its records are forced to the disk; that it has arrived is noted later. Of objects for which that note is missing
 * after a crash the bucket is asked; then it is known exactly which records must not be sent again.
 *
 * Only the latest objects are kept. Before others are dropped the inputs' positions are saved, so that no input comes
 * again with what was in them.
 */
export class ObjectJournal {
  /** Another one for each journal that is begun, so that a lost one is noticed. */
  id: string = crypto.randomUUID();
  readonly #options: JournalOptions;
  readonly #window: number;
  readonly #file: JournalFile | undefined;
  readonly #entries = new Map<number, JournalEntry>();
  /** Of the objects that are there, by origin. */
  readonly #there = new Map<string, Set<IdRun>>();
  readonly #unsettled = new Set<JournalEntry>();
  #size = 0;
  #last = 0;
  #trimming: Promise<void> | undefined;

  private constructor(options: JournalOptions) {
    this.#options = options;
    this.#window = options.window ?? WINDOW;
    this.#file = options.path === undefined ? undefined : new JournalFile(options.path, () => [
      { journal: this.id },
      ...Array.from(this.#entries.values()).flatMap(linesOf),
    ]);
  }

  /** Reads the journal, or begins one. Throws an Error that says why its file cannot be used. */
  static async open(options: JournalOptions): Promise<ObjectJournal> {
    const journal = new ObjectJournal(options);
    const lines = await journal.#file?.read() ?? [];
    const wrong = lines.filter((line) => line === undefined || !journal.#replay(line)).length;
    if (wrong > 0) {
      options.log.warn(
        `Cannot read ${wrong} lines of "${options.path}": records that they told of may be stored twice`,
      );
    }
    await journal.#file?.replace();
    return journal;
  }

  /** Objects of which it is not known whether they are in the bucket. */
  get unsettled(): JournalEntry[] {
    return [...this.#unsettled];
  }

  /**
   * Unsettled objects with records of a batch that is new: nobody sends them any more. Those that are being sent have
   * other records.
   */
  givenUp(ids: RecordIds): JournalEntry[] {
    return this.unsettled.filter(({ runs }) => sharesRecords(ids, runs));
  }

  /** The records of a batch that are in no object that is there; undefined: all of them. */
  missing(ids: RecordIds): number[] | undefined {
    return recordsOutside(ids, (origin) => this.#there.get(origin) ?? []);
  }

  /** Notes durably that an object is about to be uploaded. Throws when that fails: it must not be uploaded then. */
  async begin(key: string, runs: readonly IdRun[]): Promise<JournalEntry> {
    const entry = this.#add(this.#last + 1, key, runs);
    try {
      await this.#file?.append(beginLine(entry), true);
    } catch (error) {
      this.#remove(entry);
      throw error;
    }
    return entry;
  }

  /** Notes an upload in parts, so that it can be ended after a crash. */
  async noteUpload(entry: JournalEntry, uploadId: string): Promise<void> {
    entry.uploadId = uploadId;
    await this.#note({ n: entry.number, upload: uploadId });
  }

  /** Notes whether an object is in the bucket. */
  async settle(entry: JournalEntry, isThere: boolean): Promise<void> {
    // One that was dropped meanwhile stays so.
    if (this.#entries.get(entry.number) !== entry) return;
    if (isThere) this.#markThere(entry);
    else this.#remove(entry);
    await this.#note({ n: entry.number, there: isThere });
    if (this.#size > 2 * this.#window) this.#trimming ??= this.#trim();
  }

  async close(): Promise<void> {
    await this.#trimming;
    await this.#file?.close();
  }

  /** A note that is lost only costs a question to the bucket. */
  async #note(line: JournalLine): Promise<void> {
    await this.#file?.append(line, false).catch(() => {});
  }

  async #trim(): Promise<void> {
    const { savePositions, log } = this.#options;
    try {
      await savePositions();
    } catch (error) {
      if (this.#size < LARGEST * this.#window) return;
      log.warn(
        `Positions cannot be saved (${
          reasonOf(error)
        }): after a crash, records may be stored twice that were sent long ago`,
      );
    } finally {
      this.#trimming = undefined;
    }
    let size = 0;
    for (const entry of [...this.#entries.values()].reverse()) {
      size += entry.size;
      const isOpen = !entry.isThere && entry.number > this.#last - MOST_UNSETTLED;
      if (size > this.#window && !isOpen) this.#remove(entry);
    }
    await this.#file?.replace().catch(() => {});
  }

  /** False for a line that no journal has. */
  #replay(line: JournalLine): boolean {
    const { journal, n, key, ids, upload, there } = line;
    if (typeof journal === "string") {
      this.id = journal;
      return true;
    }
    if (typeof n !== "number") return false;
    const entry = this.#entries.get(n);
    if (typeof key === "string" && Array.isArray(ids)) {
      if (entry === undefined) this.#add(n, key, ids.flatMap(runOf));
    } else if (entry === undefined) return true;
    else if (typeof upload === "string") entry.uploadId = upload;
    else if (there === true) this.#markThere(entry);
    else if (there === false) this.#remove(entry);
    else return false;
    return true;
  }

  #add(number: number, key: string, runs: readonly IdRun[]): JournalEntry {
    const size = runs.reduce(
      (sum, { origin, gaps }) => sum + origin.length + gaps.length + 32,
      key.length + 64,
    );
    const entry: JournalEntry = { number, key, runs, size, isThere: false, uploadId: undefined };
    this.#entries.set(number, entry);
    this.#unsettled.add(entry);
    this.#size += size;
    this.#last = Math.max(this.#last, number);
    return entry;
  }

  #markThere(entry: JournalEntry): void {
    entry.isThere = true;
    this.#unsettled.delete(entry);
    entry.uploadId = undefined;
    for (const run of entry.runs) {
      const runs = this.#there.get(run.origin);
      if (runs === undefined) this.#there.set(run.origin, new Set([run]));
      else runs.add(run);
    }
  }

  #remove(entry: JournalEntry): void {
    if (!this.#entries.delete(entry.number)) return;
    this.#unsettled.delete(entry);
    this.#size -= entry.size;
    for (const run of entry.runs) {
      const runs = this.#there.get(run.origin);
      runs?.delete(run);
      if (runs?.size === 0) this.#there.delete(run.origin);
    }
  }
}

function beginLine({ number: n, key, runs }: JournalEntry): JournalLine {
  return { n, key, ids: runs.map(({ origin, least, most, gaps }) => [origin, least, most, gaps]) };
}

function linesOf(entry: JournalEntry): JournalLine[] {
  const { number: n, isThere, uploadId } = entry;
  return [
    beginLine(entry),
    ...(uploadId === undefined ? [] : [{ n, upload: uploadId }]),
    ...(isThere ? [{ n, there: true }] : []),
  ];
}

function runOf(value: unknown): IdRun[] {
  if (!Array.isArray(value)) return [];
  const [origin, least, most, gaps] = value as readonly unknown[];
  return typeof origin === "string" && typeof least === "number" && typeof most === "number" &&
      typeof gaps === "string"
    ? [{ origin, least, most, gaps }]
    : [];
}
