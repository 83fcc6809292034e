import assert from "node:assert/strict";
import fc from "fast-check";
import type { EncodedBatch, RawBatch } from "../src/batch.ts";
import { CheckpointTracker } from "../src/checkpoints/checkpoint_tracker.ts";
import type { CheckpointParticipant, JsonObject } from "../src/checkpoints/checkpoint_store.ts";
import { Lead } from "../src/delivery/lead.ts";
import type { OutputLine } from "../src/delivery/output_line.ts";
import type { Emit } from "../src/inputs/input.ts";
import { ALL_SENT, type SendResult } from "../src/outputs/output.ts";
import type { Pipeline } from "../src/pipeline.ts";
import { recordsOf } from "./contracts/batches.ts";
import { FakeOutput, lineOf, pipelineOf, rawBatch, replaceOutputs, turn } from "./support/pipeline.ts";

/** Like a `file` output: what it has written counts only as far as its saved length. */
class Appending extends FakeOutput {
  readonly participant: CheckpointParticipant = {
    key: "file:file",
    snapshot: () => ({ state: { length: this.disk.length }, sync: () => Promise.resolve() }),
    restore: (state, replayable) => {
      if (replayable) this.disk.length = Number(state?.["length"] ?? 0);
    },
  };
  isKilled = false;

  constructor(readonly disk: string[]) {
    super();
  }

  override async send(batch: EncodedBatch): Promise<SendResult> {
    if (this.isKilled) await new Promise(() => {});
    this.disk.push(...recordsOf(batch));
    return ALL_SENT;
  }
}

/** A server that gets two batches at once. While it is down, every second one waits until it is up. */
class Server extends FakeOutput {
  readonly concurrency = 2;
  isKilled = false;
  #count = 0;

  constructor(readonly got: Set<string>, readonly up: () => Promise<void> | undefined) {
    super();
  }

  override async send(batch: EncodedBatch): Promise<SendResult> {
    if (this.#count++ % 2 === 0) await this.up();
    if (this.isKilled) await new Promise(() => {});
    for (const record of recordsOf(batch)) this.got.add(record);
    return ALL_SENT;
  }
}

/** A stream that an input reads, goes back in when something failed, and saves its position of. */
class Stream {
  mark = 0;
  saved = 0;
  /** How many records there are. */
  written = 0;
  #next = 0;
  #ended = { aborted: false };
  #tracker = this.#newTracker();

  /** `isConverted`: the records take twice their length in the stream. */
  constructor(readonly id: string, readonly isConverted: boolean) {}

  /** The record that is offered next. */
  get next(): number {
    return this.#ended.aborted ? this.mark : this.#next;
  }

  async offer(count: number, emit: Emit): Promise<void> {
    if (this.#ended.aborted) this.#begin(this.mark);
    const first = this.#next;
    const records = Array.from({ length: count }, (_, index) => this.record(first + index));
    const until = this.#next += count;
    this.written = Math.max(this.written, until);
    const tracker = this.#tracker;
    tracker.track("", until, await emit(rawBatch(records, this.#more(first, until))));
  }

  record(index: number): string {
    return `${this.id} ${String(index).padStart(5, "0")}\n`;
  }

  /** Goes on from the saved position, in another process. */
  restart(): void {
    this.#begin(this.mark = this.saved);
  }

  #more(first: number, until: number): Partial<RawBatch> {
    const length = this.record(0).length * (this.isConverted ? 2 : 1);
    const origin = { id: this.id, offset: first * length };
    const offsets = Float64Array.from({ length: until - first }, (_, index) => (first + index) * length);
    return {
      origin: this.isConverted ? { ...origin, offsets, end: until * length } : origin,
      withdrawn: this.#ended,
    };
  }

  #begin(from: number): void {
    this.#next = from;
    this.#ended = { aborted: false };
    this.#tracker = this.#newTracker();
  }

  #newTracker(): CheckpointTracker<number> {
    const ended = this.#ended;
    return new CheckpointTracker<number>({
      advance: (_, position) => this.#ended === ended && (this.mark = position),
      failed: () => ended.aborted = true,
    });
  }
}

/** Agents, one after the other, with an output that appends and a server. */
class Bench {
  readonly disk: string[] = [];
  readonly streams = [new Stream("a", false), new Stream("b", true)];
  readonly got = new Set<string>();
  #up: PromiseWithResolvers<void> | undefined;
  #saved: Record<string, JsonObject | undefined> = {};
  #pipeline: Pipeline | undefined;
  #file: OutputLine = this.#newFile();
  #server: OutputLine = this.#newServer();

  constructor(readonly isParallel: boolean, readonly isFileFirst: boolean) {}

  async start(): Promise<void> {
    this.#pipeline = pipelineOf({ parallel: this.isParallel });
    this.#file = this.#newFile();
    this.#server = this.#newServer();
    for (const { lead } of [this.#file, this.#server]) lead!.restore(this.#saved[lead!.key], true);
    const lines = [this.#file, this.#server];
    await this.#pipeline.startOutputs(this.isFileFirst ? lines : lines.reverse());
  }

  async offer(stream: number, count: number): Promise<void> {
    await this.streams[stream]!.offer(count, this.#pipeline!.emitterFor("in"));
  }

  setDown(isDown: boolean): void {
    if (isDown) this.#up ??= Promise.withResolvers();
    else {
      this.#up?.resolve();
      this.#up = undefined;
    }
  }

  /** What the store does at each interval. */
  async save(): Promise<void> {
    await turn();
    for (const stream of this.streams) stream.saved = stream.mark;
    for (const { lead } of [this.#file, this.#server]) this.#saved[lead!.key] = lead!.snapshot().state;
  }

  async kill(): Promise<void> {
    (this.#file.output as Appending).isKilled = true;
    (this.#server.output as Server).isKilled = true;
    for (const stream of this.streams) stream.restart();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#pipeline!.close(0);
    await this.save();
    await this.kill();
  }

  async replaceServer(): Promise<void> {
    const before = this.#server;
    this.#server = this.#newServer();
    await this.#replace("server", this.#server, () => (before.output as Server).isKilled = true);
  }

  async replaceFile(): Promise<void> {
    const before = this.#file;
    this.#file = this.#newFile();
    await this.#replace("file", this.#file, () => {
      this.#file.lead!.restore(before.lead!.snapshot().state, false);
      (before.output as Appending).isKilled = true;
    });
  }

  /** Has everything delivered, whatever it takes. */
  async finish(total: number): Promise<void> {
    this.setDown(false);
    for (const [index, stream] of this.streams.entries()) {
      for (let tries = 0; stream.mark < total; tries++) {
        assert.ok(tries < 100, `${stream.id} stays at ${stream.mark}`);
        if (stream.next < total) await this.offer(index, Math.min(7, total - stream.next));
        await turn();
      }
    }
  }

  async end(): Promise<void> {
    await this.#pipeline!.close(1000);
    await this.#pipeline!.dispose();
  }

  get leads(): readonly Lead[] {
    return [this.#file.lead!, this.#server.lead!];
  }

  async #replace(name: string, line: OutputLine, meanwhile: () => void): Promise<void> {
    await replaceOutputs(this.#pipeline!, new Set([name]), 0, () => {
      meanwhile();
      return Promise.resolve([line]);
    });
    await turn();
  }

  #newFile(): OutputLine {
    const output = new Appending(this.disk);
    return lineOf("file", output, undefined, { lead: new Lead("file", output.participant) });
  }

  #newServer(): OutputLine {
    const output = new Server(this.got, () => this.#up?.promise);
    return lineOf("server", output, undefined, { lead: new Lead("server") });
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("offer" as const), stream: fc.nat(1), count: fc.nat(5) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("turn", "down", "up", "save", "kill", "stop", "server", "file" as const),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(bench: Bench, action: Step): Promise<void> {
  switch (action.do) {
    case "offer":
      return await bench.offer(action.stream, action.count + 1);
    case "turn":
      return await turn();
    case "down":
    case "up":
      return bench.setDown(action.do === "down");
    case "save":
      return await bench.save();
    case "kill":
      return await bench.kill();
    case "stop":
      return await bench.stop();
    case "server":
      return await bench.replaceServer();
    case "file":
      return await bench.replaceFile();
  }
}

Deno.test("Pipeline gives an output no record twice while another is down, whatever ends, and saves it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.boolean(), fc.array(step, { maxLength: 40 }), async (...given) => {
      const [isParallel, isFileFirst, steps] = given;
      const bench = new Bench(isParallel, isFileFirst);
      await bench.start();
      for (const action of steps) await take(bench, action);
      const total = Math.max(...bench.streams.map(({ written }) => written)) + 3;
      await bench.finish(total);
      const records = bench.streams.flatMap((stream) =>
        Array.from({ length: total }, (_, index) => stream.record(index))
      );
      assert.deepEqual(bench.disk.toSorted(), records);
      assert.deepEqual([...bench.got].sort(), records);
      assert.ok(bench.leads.every(({ isEmpty }) => isEmpty), "nothing is left of the leads");
      await bench.end();
    }),
    { numRuns: 200 },
  );
});
