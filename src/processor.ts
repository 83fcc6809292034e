import { isAscii, isUtf8 } from "node:buffer";
import type { ProcessingContext } from "./component.ts";
import type { Encoder } from "./encoding/encoder.ts";
import { type LogEvent, newEvent } from "./event.ts";
import { KeyMistakes } from "./lib/key_error.ts";
import { encoderTypes } from "./outputs/encoders.ts";
import { type Chain, compileChain, isStateful } from "./processing/chain.ts";
import { type Collector, collectorFor } from "./processing/collector.ts";
import { buildParsing, type Parsing } from "./processing/parsing.ts";
import {
  isPlain,
  type Job,
  type OutputPlan,
  type PlanFiles,
  type Processed,
  type ProcessorPlan,
} from "./processing/plan.ts";
import { planFiles } from "./processing/plan_files.ts";
import { GENERAL, Splicer } from "./processing/splicer.ts";
import { Warnings } from "./processing/warnings.ts";
import type { Condition } from "./sandbox/condition.ts";

export type { Job, PlanFiles, Processed, ProcessorPlan } from "./processing/plan.ts";

/** A record's way: decode → parse → transform → route → encode. Bytes in, bytes out, without I/O. */
export interface Processor {
  /** Never throws, whatever the records are. A script or a pattern may take for ever. */
  process(job: Job): Processed;
}

/** Whether an input's records must all come to one processor, in order: a transform remembers some. */
export function isPinned(plan: ProcessorPlan): boolean {
  return plan.transforms.some(isStateful);
}

/**
 * Builds the processor of an input. Throws KeyErrors with keys such as `parsers[0].pattern`, `transforms[2].code` and
 * `outputs[1].if`. `warn` is told what is to say of the plan itself: once for all processors of a plan is enough.
 */
export async function buildProcessor(
  plan: ProcessorPlan,
  files: PlanFiles,
  warn: (message: string) => void = () => {},
): Promise<Processor> {
  const warnings = new Warnings(Date.now);
  let isBuilt = false;
  const context: ProcessingContext = {
    resources: planFiles(files),
    now: Date.now,
    warn: (message) => isBuilt ? warnings.add(message) : warn(message),
  };
  const mistakes = new KeyMistakes();
  const encoders: Encoder[] = [];
  for (const [index, output] of plan.outputs.entries()) {
    const encoder = await mistakes.try(`outputs[${index}]`, () => encoderOf(output, isPlain(plan)));
    if (encoder !== undefined) encoders[index] = encoder;
  }
  const parsing = await mistakes.try("", () => buildParsing(plan.parsers, context));
  const chain = await mistakes.try("", () => compileChain(plan.transforms, context));
  const sinks: Sink[] = [];
  for (const [index, output] of plan.outputs.entries()) {
    const encoder = encoders[index];
    if (encoder === undefined) continue;
    const sink = await mistakes.try(`outputs[${index}]`, () => sinkOf(output, encoder, context));
    if (sink !== undefined) sinks.push(sink);
  }
  mistakes.throwIfAny();
  const splicer = await Splicer.for(plan, encoders, context);
  isBuilt = true;
  return new RecordProcessor({
    reasons: plan.transforms.map(({ type }) => type),
    parsing,
    chain,
    sinks,
    splicer,
    warnings,
  });
}

/** One output, as the processor sees it. */
interface Sink {
  readonly output: string;
  readonly condition: Condition | undefined;
  readonly routes: readonly string[];
  readonly collector: Collector;
}

interface Parts {
  /** Why a record is discarded, for each transform. */
  readonly reasons: readonly string[];
  readonly parsing: Parsing | undefined;
  readonly chain: Chain | undefined;
  readonly sinks: readonly Sink[];
  readonly splicer: Splicer | undefined;
  readonly warnings: Warnings;
}

/** The reason of records that the conditions and routes of the outputs leave out. */
const UNROUTED = "no_output";
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const TEXT_BYTES = 32 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Records in ASCII as text. Many are decoded at once, but not all: V8 is slow with strings over 128 KiB. */
class AsciiTexts {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  #text = "";
  /** Where the text begins and ends in the bytes. */
  #start = 0;
  #end = 0;

  constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  /** The bytes from `start` to `stop`, in the record `index`. Records are asked for in order. */
  slice(index: number, start: number, stop: number): string {
    if (stop > this.#end) this.#decode(index, start);
    return this.#text.slice(start - this.#start, stop - this.#start);
  }

  #decode(index: number, start: number): void {
    const ends = this.#ends;
    let last = index;
    while (last + 1 < ends.length && (ends[last + 1] ?? 0) - start <= TEXT_BYTES) last++;
    this.#start = start;
    this.#end = ends[last] ?? start;
    this.#text = DECODER.decode(this.#bytes.subarray(start, this.#end));
  }
}

class RecordProcessor implements Processor {
  readonly #parts: Parts;
  readonly #takesAll: Sink | undefined;
  #discarded: Record<string, number> = {};
  #deadLetters: { index: number; reason: string }[] = [];
  #unparsed = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const [only] = parts.sinks;
    const takesAll = parts.sinks.length === 1 && only?.condition === undefined && only?.routes.length === 0;
    this.#takesAll = takesAll ? only : undefined;
  }

  process(job: Job): Processed {
    const { bytes, ends, source, receivedAt, origin } = job;
    const splicer = this.#parts.splicer !== undefined && isUtf8(bytes) ? this.#parts.splicer : undefined;
    splicer?.begin(job);
    const texts = splicer === undefined && isAscii(bytes) ? new AsciiTexts(bytes, ends) : undefined;
    const event = newEvent(source);
    let start = 0;
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index] ?? start;
      let stop = end;
      if (stop > start && bytes[stop - 1] === LINE_FEED) stop--;
      if (stop > start && bytes[stop - 1] === CARRIAGE_RETURN) stop--;
      const spliced = splicer === undefined ? GENERAL : splicer.splice(bytes, start, stop, index);
      if (spliced >= 0) this.#discard(this.#parts.reasons[spliced] ?? "");
      else if (spliced === GENERAL) {
        event.raw = texts === undefined
          ? DECODER.decode(bytes.subarray(start, stop))
          : texts.slice(index, start, stop);
        event.timestamp = receivedAt;
        event.timestampText = undefined;
        event.message = "";
        event.level = undefined;
        event.routes = undefined;
        event.origin = origin?.id;
        // Negative: the record has no place in its stream by which it could be known again.
        event.offset = origin === undefined ? -1 - index : origin.offsets?.[index] ?? origin.offset + start;
        this.#record(event, index, splicer);
      }
      start = end;
    }
    return this.#finish(job, splicer);
  }

  #record(event: LogEvent, index: number, splicer: Splicer | undefined): void {
    const { parsing, chain, sinks, reasons } = this.#parts;
    if (parsing === undefined) {
      event.message = event.raw;
      event.fields = {};
    } else if (!parsing.parse(event.raw, event)) {
      this.#unparsed++;
      if (parsing.onFailure === "drop") return this.#discard("parse_error");
      if (parsing.onFailure === "dead_letter") {
        this.#deadLetters.push({ index, reason: parsing.failure });
        return;
      }
    }
    if (chain !== undefined) {
      const dropped = chain(event);
      if (dropped >= 0) return this.#discard(reasons[dropped] ?? "");
    }
    if (splicer !== undefined) return splicer.take(event, index);
    const all = this.#takesAll;
    if (all !== undefined) return all.collector.take(event, index);
    let taken = false;
    for (const sink of sinks) {
      if (sink.routes.length > 0 && !takesRoute(sink.routes, event.routes)) continue;
      if (sink.condition !== undefined && !sink.condition(event)) continue;
      sink.collector.take(event, index);
      taken = true;
    }
    if (!taken) this.#discard(UNROUTED);
  }

  #discard(reason: string): void {
    this.#discarded[reason] = (this.#discarded[reason] ?? 0) + 1;
  }

  #finish(job: Job, splicer: Splicer | undefined): Processed {
    const { sinks, warnings } = this.#parts;
    const batches = sinks.flatMap(({ output, collector }) =>
      (splicer?.finish(job) ?? collector.finish(job)).map((collected) => ({ output, ...collected }))
    );
    const processed = {
      batches,
      discarded: this.#discarded,
      deadLetters: this.#deadLetters,
      unparsed: this.#unparsed,
      warnings: warnings.take(),
    };
    this.#discarded = {};
    this.#deadLetters = [];
    this.#unparsed = 0;
    return processed;
  }
}

function encoderOf({ type, config, includeRaw }: OutputPlan, plain: boolean): Encoder {
  const create = encoderTypes[type];
  if (create === undefined) {
    throw new Error(`Cannot encode records for an output of the type "${type}": there is no encoder`);
  }
  return create(config, { plain, includeRaw });
}

async function sinkOf(plan: OutputPlan, encoder: Encoder, context: ProcessingContext): Promise<Sink> {
  const { if: source, routes, name } = plan;
  const condition = source === undefined
    ? undefined
    : await (await import("./sandbox/condition.ts")).compileCondition(source, {
      key: "if",
      warn: context.warn,
    });
  return { output: name, condition, routes, collector: collectorFor(encoder) };
}

function takesRoute(wanted: readonly string[], has: readonly string[] | undefined): boolean {
  if (has === undefined) return false;
  for (const route of has) if (wanted.includes(route)) return true;
  return false;
}
