import type { EncodedBatch } from "../batch.ts";
import { reasonOf } from "../lib/reason.ts";
import { batchOfLetter, type Letter, type LetterAddress, letterId, letterKey } from "./dead_letter_line.ts";
import { isSelected, type LetterProgress, type StoredLetter } from "./letter_archive.ts";
import { merge, mergeable } from "./merge.ts";
import type { ReplayOptions, ReplaySummary, ReplayTarget, Reprocessed } from "./replay_options.ts";
import { sendUntilSettled } from "./replay_send.ts";

/** A letter on its way to one output. */
interface Item {
  readonly stored: StoredLetter;
  readonly batch: EncodedBatch;
  /** Outputs that the letter still waits for, this one included; shared by its items. */
  readonly waitsFor: Set<string>;
}

/** What goes to one output in one request, while there is room. */
interface Group {
  readonly output: string;
  items: Item[];
  bytes: number;
}

/** For outputs that say nothing of batches. */
const BATCHING = { events: 1000, bytes: 64 * 1024 };
/** Reasons that are told; all of them stand in the letters. */
const MOST_TOLD = 20;

/**
 * Sends dead letters again. What became of them is written down after every request that was answered, so a replay that
 * is cut off at any moment loses nothing, and sends again at most the one request whose answer it had not written down:
 * the same records, in the same order, with the same ids.
 */
export class Replay {
  readonly summary: ReplaySummary = { sent: 0, failed: 0, discarded: 0, doubles: 0, left: 0 };
  readonly #options: ReplayOptions;
  readonly #groups = new Map<string, Group>();
  readonly #targets = new Map<string, Promise<ReplayTarget | undefined>>();
  readonly #complaints = new Set<string>();
  /** Outputs to which nothing more is sent. */
  readonly #broken = new Set<string>();
  /** Letters that failed, and those that were not tried to the end. */
  readonly #failed = new Set<string>();
  readonly #left = new Set<string>();
  readonly #seen = new Set<string>();

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Rejects when it cannot write down what became of letters. */
  async run(): Promise<ReplaySummary> {
    const { archive, selection, limit, stop } = this.#options;
    let segment: string | undefined;
    let taken = 0;
    for await (const stored of archive.letters()) {
      if (stop.aborted || taken >= limit) break;
      const { letter } = stored;
      if (letter === undefined || !isSelected(stored, selection)) continue;
      taken++;
      // So that no more than a segment is in memory.
      if (segment !== stored.segment) await this.#flush();
      segment = stored.segment;
      await this.#take(stored, letter);
    }
    await this.#flush();
    this.summary.failed = this.#failed.size;
    this.summary.left = this.#left.size;
    await archive.tidy();
    return this.summary;
  }

  async #take(stored: StoredLetter, letter: Letter): Promise<void> {
    const name = letter.to === undefined ? `input ${letter.from?.input}` : `output ${letter.to.output}`;
    const key = letterKey(name, letterId(letter));
    if (key !== undefined && this.#seen.has(key)) {
      this.summary.doubles++;
      return await this.#record([settled(stored)]);
    }
    if (key !== undefined) this.#seen.add(key);
    if (letter.to !== undefined) {
      const output = this.#options.to ?? letter.to.output;
      const address = await this.#address(output, letter.to);
      return await this.#add(output, {
        stored,
        batch: batchOfLetter(letter, address),
        waitsFor: new Set([output]),
      });
    }
    let made: Reprocessed;
    try {
      made = await this.#options.process(letter);
    } catch (error) {
      return this.#leave(stored, reasonOf(error));
    }
    if (made.failed !== undefined) {
      return await this.#record([this.#again(stored, 1, made.failed)]);
    }
    const parcels = made.parcels.filter(({ output }) => !stored.has.has(output));
    if (parcels.length === 0) {
      if (stored.has.size > 0) this.summary.sent++;
      else this.summary.discarded++;
      return await this.#record([settled(stored)]);
    }
    const waitsFor = new Set(parcels.map(({ output }) => output));
    for (const { output, batch } of parcels) await this.#add(output, { stored, batch, waitsFor });
  }

  /** Another output than the letter's own may want a partition where the letter has none. */
  async #address(name: string, to: LetterAddress): Promise<LetterAddress> {
    if (name === to.output || to.partition !== "") return to;
    const source = { input: "dead_letters", stream: to.output, labels: { file: to.output } };
    const partition = (await this.#target(name))?.output.partitionOf(source, this.#options.now());
    return { ...to, partition: partition ?? "" };
  }

  async #add(output: string, item: Item): Promise<void> {
    const { batch } = item;
    const { ids, keys, partition } = batch;
    const key = JSON.stringify([output, partition, ids === undefined, keys === undefined]);
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, group = { output, items: [], bytes: 0 });
    const limits = (await this.#target(output))?.output.batching ?? BATCHING;
    if (group.items.length >= limits.events || group.bytes + batch.bytes.length > limits.bytes) {
      await this.#send(group);
    }
    group.items.push(item);
    group.bytes += batch.bytes.length;
  }

  async #flush(): Promise<void> {
    for (const group of this.#groups.values()) await this.#send(group);
    this.#groups.clear();
  }

  async #send(group: Group): Promise<void> {
    const { output: name, items } = group;
    group.items = [];
    group.bytes = 0;
    const target = await this.#target(name);
    while (items.length > 0) {
      if (target === undefined || this.#broken.has(name) || this.#options.stop.aborted) {
        for (const { stored } of items) this.#leave(stored);
        return;
      }
      const { events, bytes } = target.output.batching ?? BATCHING;
      const { splitsByEnds } = target.output;
      const waiting = items.map(({ batch }) => ({ batch, release: () => {} }));
      const chunk = items.splice(0, mergeable(waiting, { events, bytes, splitsByEnds }));
      await this.#sendChunk(name, target, chunk);
    }
  }

  async #sendChunk(name: string, target: ReplayTarget, chunk: readonly Item[]): Promise<void> {
    const complain = (message: string) => this.#complain(`Output "${name}": ${message}`);
    const unsettled = await sendUntilSettled(
      target,
      merge(chunk.map(({ batch }) => batch)),
      { ...this.#options, complain },
      (records, attempts) =>
        this.#record(records.flatMap(({ index, refused }) => {
          const item = chunk[index];
          return item === undefined ? [] : [this.#settle(name, item, attempts, refused)];
        })),
    );
    if (unsettled === undefined) return;
    if (!this.#options.stop.aborted) complain(`${reasonOf(unsettled.cause)}; given up`);
    this.#broken.add(name);
    for (const index of unsettled.left) {
      const item = chunk[index];
      if (item !== undefined) this.#leave(item.stored);
    }
  }

  /** An output has taken a record, or refused it. */
  #settle(
    output: string,
    { stored, waitsFor }: Item,
    attempts: number,
    refused: string | undefined,
  ): LetterProgress {
    if (refused !== undefined) {
      const isOwn = stored.letter?.to !== undefined;
      return this.#again(stored, attempts, refused, isOwn ? undefined : output);
    }
    waitsFor.delete(output);
    if (waitsFor.size > 0) return { segment: stored.segment, at: stored.at, output };
    this.summary.sent++;
    return settled(stored);
  }

  #again({ segment, at }: StoredLetter, attempts: number, reason: string, output?: string): LetterProgress {
    this.#failed.add(`${segment} ${at}`);
    if (this.#complaints.size < MOST_TOLD) this.#complain(`Failed again: ${reason}`);
    return { segment, at, output, failed: { time: this.#options.now(), attempts, reason } };
  }

  /** What an output has taken and what is not written down would come twice: nothing more is sent then. */
  async #record(progress: readonly LetterProgress[]): Promise<void> {
    const { archive } = this.#options;
    try {
      await archive.record(progress);
    } catch (error) {
      throw new Error(
        `Cannot write down what became of ${progress.length} dead letters in "${archive.directory}": ${
          reasonOf(error)
        }; the next replay sends them again`,
        { cause: error },
      );
    }
  }

  #target(name: string): Promise<ReplayTarget | undefined> {
    let target = this.#targets.get(name);
    if (target === undefined) {
      target = this.#options.target(name).catch((error: unknown) => {
        this.#complain(reasonOf(error));
        return undefined;
      });
      this.#targets.set(name, target);
    }
    return target;
  }

  #leave({ segment, at }: StoredLetter, why?: string): void {
    this.#left.add(`${segment} ${at}`);
    if (why !== undefined) this.#complain(why);
  }

  #complain(message: string): void {
    if (this.#complaints.has(message)) return;
    this.#complaints.add(message);
    this.#options.complain(message);
  }
}

function settled({ segment, at }: StoredLetter): LetterProgress {
  return { segment, at };
}
