import type { ProcessingContext } from "../component.ts";
import type { Encoder } from "../encoding/encoder.ts";
import type { LogEvent } from "../event.ts";
import { outputCopy } from "../lib/spare_buffers.ts";
import type { JsonSplice } from "./json_splice/json_splice.ts";
import { TakenRecords } from "./collector.ts";
import type { CollectedBatch, Job, ProcessorPlan } from "./plan.ts";
import { splicedParser, splicePlanOf } from "./splice_plan.ts";

const TEXT_ENCODER = new TextEncoder();
/** What `splice` answers where the event was made, and where the general path must make it. */
export const MADE = -1;
export const GENERAL = -2;
/** What the events of a usual job take. */
const USUAL = 512 * 1024;
/** A buffer that a rare giant record has made larger than this is not kept. */
const LARGEST_KEPT = 8 * 1024 * 1024;

/**
 * Event JSON made by moving bytes of lines, without events. What it cannot splice comes to it as an event, so that the
 * records of a job stay in order.
 */
export class Splicer {
  readonly #splice: JsonSplice;
  readonly #encoder: Encoder;
  #out = new Uint8Array(USUAL);
  #end = 0;
  #ends = new Uint32Array(4096);
  #count = 0;
  readonly #taken = new TakenRecords();

  private constructor(splice: JsonSplice, encoder: Encoder) {
    this.#splice = splice;
    this.#encoder = encoder;
  }

  /** The splicer of a plan; undefined where splicing does not do what the plan says. */
  static async for(
    plan: ProcessorPlan,
    encoders: readonly Encoder[],
    context: ProcessingContext,
  ): Promise<Splicer | undefined> {
    const [encoder] = encoders;
    const type = splicedParser(plan, encoders)?.type;
    if (encoder === undefined) return undefined;
    if (type === "json") {
      const splicePlan = await splicePlanOf(plan, encoders, context);
      if (splicePlan === undefined) return undefined;
      const { compileJsonSplice } = await import("./json_splice/json_splice.ts");
      return new Splicer(compileJsonSplice(splicePlan), encoder);
    }
    if (type !== "regex" && type !== "grok" && type !== "apache" && type !== "nginx") return undefined;
    const { captureSplicePlanOf } = await import("./capture_splice/capture_splice_plan.ts");
    const splicePlan = await captureSplicePlanOf(plan, encoders, context);
    if (splicePlan === undefined) return undefined;
    const { CaptureSplice } = await import("./capture_splice/capture_splice.ts");
    return new Splicer(new CaptureSplice(splicePlan), encoder);
  }

  /** Starts with the records of a job, which are valid UTF-8. */
  begin({ source, receivedAt, ends }: Job): void {
    this.#splice.begin(source.stream, receivedAt);
    this.#end = 0;
    this.#count = 0;
    this.#taken.clear();
    if (this.#ends.length < ends.length) this.#ends = new Uint32Array(ends.length * 2);
  }

  /** Makes the event of the record `index`, the line `bytes[from..to)`: MADE, GENERAL, or the transform that drops it. */
  splice(bytes: Uint8Array<ArrayBuffer>, from: number, to: number, index: number): number {
    this.#reserve(this.#splice.bound(to - from));
    const end = this.#splice.splice(bytes, from, to, this.#out, this.#end);
    if (end < 0) return end === -1 ? GENERAL : -2 - end;
    this.#end = end;
    this.#ends[this.#count++] = end;
    this.#taken.add(index);
    return MADE;
  }

  /** Takes the event of a record that was not spliced. */
  take(event: LogEvent, index: number): void {
    const text = this.#encoder.encode(event);
    this.#reserve(text.length * 3);
    this.#end += TEXT_ENCODER.encodeInto(text, this.#out.subarray(this.#end)).written;
    this.#ends[this.#count++] = this.#end;
    this.#taken.add(index);
  }

  finish(job: Job): CollectedBatch[] {
    if (this.#count === 0) return [];
    const bytes = outputCopy(this.#out.subarray(0, this.#end));
    if (this.#out.length > LARGEST_KEPT) this.#out = new Uint8Array(USUAL);
    const batch = { bytes, ends: this.#ends.slice(0, this.#count), partition: "" };
    return [{ batch, ...this.#taken.take(job) }];
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(this.#out.length * 2, this.#end + bytes));
    larger.set(this.#out.subarray(0, this.#end));
    this.#out = larger;
  }
}
