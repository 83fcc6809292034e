import assert from "node:assert/strict";
import type { Acknowledgement, Outcome } from "../../src/acknowledgement.ts";
import type { EncodedBatch, RawBatch } from "../../src/batch.ts";
import { MemoryBuffer } from "../../src/buffers/memory.ts";
import { NoDeadLetters } from "../../src/delivery/dead_letter.ts";
import { ALL_SENT, type Output, type SendResult } from "../../src/outputs/output.ts";
import type { OutputLine } from "../../src/delivery/output_line.ts";
import { Pipeline } from "../../src/pipeline.ts";
import type { PipelineOptions, PipelineSettings, Processing } from "../../src/pipeline_options.ts";
import { batchOf, RecordingLog, recordsOf, sourceOf } from "../contracts/batches.ts";

/** An output that records what it gets, and that can be held. */
export class FakeOutput implements Output {
  readonly records: string[] = [];
  readonly partitions: string[] = [];
  answer: (batch: EncodedBatch) => SendResult = () => ALL_SENT;
  disposed = false;
  #held: PromiseWithResolvers<void> | undefined;

  hold(): void {
    this.#held = Promise.withResolvers();
  }
  letGo(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }
  open(): Promise<void> {
    return Promise.resolve();
  }
  async send(batch: EncodedBatch): Promise<SendResult> {
    await this.#held?.promise;
    assert.equal(this.disposed, false, "sent after dispose");
    const result = this.answer(batch);
    this.records.push(...recordsOf(batch));
    this.partitions.push(batch.partition);
    return result;
  }
  partitionOf(): string {
    return "partition";
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
}

/** An output behind a buffer in memory. */
export function lineOf(
  name: string,
  output: Output,
  limits = { events: 1000, bytes: 1_000_000 },
  more: Partial<OutputLine> = {},
): OutputLine {
  const retry = { initial: 1, max: 1, multiplier: 1, jitter: false };
  return { name, output, buffer: new MemoryBuffer(limits), retry, ...more };
}

/** A pipeline without outputs yet. */
export function pipelineOf(
  { log = new RecordingLog(), onOutputClosed = () => {}, ...settings }:
    & Partial<Pick<PipelineOptions, "log" | "onOutputClosed">>
    & Partial<PipelineSettings> = {},
): Pipeline {
  return new Pipeline({
    log,
    onOutputClosed,
    settings: {
      budget: 1_000_000,
      blockTimeout: 60_000,
      deadLetters: new NoDeadLetters(new RecordingLog()),
      parallel: true,
      stopOnFailure: false,
      ...settings,
    },
  });
}

/** Replaces outputs by those that `successors` answers, and the processing by another one, if given. */
export function replaceOutputs(
  pipeline: Pipeline,
  leaving: ReadonlySet<string>,
  patience: number,
  successors: () => Promise<readonly OutputLine[]>,
  processing?: Processing,
): Promise<boolean> {
  return pipeline.replace({ leaving, successors, processing }, patience);
}

/** A batch of these records, as an input offers it. */
export function rawBatch(records: string[], more: Partial<RawBatch> = {}): RawBatch {
  const { bytes, ends } = batchOf(records);
  return { bytes, ends, source: sourceOf("/log"), receivedAt: 0, ...more };
}

/** Lets everything happen that waits for nothing but promises and due timers. */
export function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** "waiting" while a promise has not settled. */
export async function stateOf<T>(promise: Promise<T>): Promise<T | "waiting"> {
  await turn();
  return await Promise.race([promise, Promise.resolve("waiting" as const)]);
}

/** What becomes of a batch that is offered. */
export async function outcomeOf(acknowledgement: Promise<Acknowledgement>): Promise<Outcome> {
  return await (await acknowledgement).settled;
}

/** Stops a pipeline. */
export async function end(pipeline: Pipeline): Promise<void> {
  await pipeline.close(0);
  await pipeline.dispose();
}
