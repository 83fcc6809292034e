import { formatDuration } from "../../lib/duration.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { isDiskFull } from "./file_system.ts";

/** How long to wait before a full disk is tried again, in ms. */
const FULL_PAUSE = 500;
/** Waits after failures begin with this and double up to the other, in ms. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;

/** Why nothing can be written for the moment, told once when it begins and once when it is over. */
export class Trouble {
  readonly #directory: string;
  readonly #log: Log;
  readonly #now: () => number;
  #current: { readonly kind: "full" | "failing"; readonly since: number } | undefined;
  /** Failures one after the other, the disk being full not among them. */
  failures = 0;
  #resume: (() => void) | undefined;
  #hurry = false;

  constructor(directory: string, log: Log, now: () => number) {
    this.#directory = directory;
    this.#log = log;
    this.#now = now;
  }

  get isThere(): boolean {
    return this.#current !== undefined;
  }

  /** Something could not be written, or not be forced to the disk, for another reason than a full disk. */
  get isFailing(): boolean {
    return this.#current?.kind === "failing";
  }

  /** The disk is full. */
  full(file: string, error: unknown): void {
    this.#enter(
      "full",
      () => {
        const next = `inputs wait, trying again every ${formatDuration(FULL_PAUSE)}`;
        this.#log.warn(`Cannot write to "${this.#directory}/${file}": ${reasonOf(error)}; ${next}`, { file });
      },
    );
  }

  /** A write or a sync has failed. The first time a new file may do; after that somebody must act. */
  failed(file: string, error: unknown): void {
    this.failures++;
    if (isDiskFull(error)) return this.full(file, error);
    const what = `Cannot write to "${this.#directory}/${file}": ${reasonOf(error)}`;
    this.#enter("failing", () => {
      this.#log.warn(`${what}; what may not be on the disk is written to a new segment`, { file });
    });
    if (this.failures === 2) {
      this.#log.error(`${what}; inputs wait until the disk takes the records, trying again and again`, {
        file,
      });
    }
  }

  /** A write went well. */
  written(): void {
    if (this.#current?.kind === "full") this.#end();
  }

  /** A sync went well. */
  synced(): void {
    this.failures = 0;
    if (this.isFailing) this.#end();
  }

  /** There is nothing to try with: the next records may come and show. False if there is no reason to wait anyway. */
  hasNothing(): boolean {
    if (!this.isFailing) return false;
    this.#current = undefined;
    return true;
  }

  /** Waits before the next attempt; not after a first failure. False at once if there is no more time. */
  pause(): Promise<boolean> {
    const isFull = this.#current?.kind === "full";
    if (!isFull && this.failures < 2) return Promise.resolve(true);
    if (this.#hurry) return Promise.resolve(false);
    const wait = isFull ? FULL_PAUSE : Math.min(FIRST_PAUSE * 2 ** (this.failures - 2), LONGEST_PAUSE);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#resume?.(), wait);
      this.#resume = () => {
        this.#resume = undefined;
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /** From now on nothing waits any more; what waits goes on at once. */
  hurry(): void {
    this.#hurry = true;
    this.#resume?.();
  }

  #enter(kind: "full" | "failing", tell: () => void): void {
    const isNews = this.#current?.kind !== kind;
    this.#current = { kind, since: this.#current?.since ?? this.#now() };
    if (isNews) tell();
  }

  #end(): void {
    const duration = this.#now() - (this.#current?.since ?? this.#now());
    this.#current = undefined;
    this.#log.warn(`Writing to "${this.#directory}" again after ${formatDuration(duration)}`, {
      duration_ms: duration,
    });
  }
}
