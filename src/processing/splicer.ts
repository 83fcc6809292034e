import type { EncodedBatch } from "../batch.ts";
import type { ProcessingContext } from "../component.ts";
import type { Encoder } from "../encoding/encoder.ts";
import type { LogEvent } from "../event.ts";
import { outputCopy } from "../lib/spare_buffers.ts";
import type { JsonSplice } from "./json_splice/json_splice.ts";
import type { Job, ProcessorPlan } from "./plan.ts";
import { splicePlanOf } from "./splice_plan.ts";

const TEXT_ENCODER = new TextEncoder();

/**
 * Event JSON made of JSON lines without parsing them. What it cannot splice comes to it as an event, so that the
 * records of a job stay in order.
 */
export class Splicer {
  readonly #splice: JsonSplice;
  readonly #encoder: Encoder;
  #out = new Uint8Array(512 * 1024);
  #end = 0;
  #ends = new Uint32Array(4096);
  #count = 0;

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
    const splicePlan = splicePlanOf(plan, encoders, context);
    const [encoder] = encoders;
    if (splicePlan === undefined || encoder === undefined) return undefined;
    const { compileJsonSplice } = await import("./json_splice/json_splice.ts");
    return new Splicer(compileJsonSplice(splicePlan), encoder);
  }

  /** Starts with the records of a job, which are valid UTF-8. */
  begin({ source, receivedAt, ends }: Job): void {
    this.#splice.begin(source.stream, receivedAt);
    this.#end = 0;
    this.#count = 0;
    if (this.#ends.length < ends.length) this.#ends = new Uint32Array(ends.length * 2);
  }

  /** Whether the event of the line `bytes[from..to)` was made. */
  splice(bytes: Uint8Array, from: number, to: number): boolean {
    this.#reserve(this.#splice.bound(to - from));
    const end = this.#splice.splice(bytes, from, to, this.#out, this.#end);
    if (end < 0) return false;
    this.#end = end;
    this.#ends[this.#count++] = end;
    return true;
  }

  /** Takes the event of a line that was not spliced. */
  take(event: LogEvent): void {
    const text = this.#encoder.encode(event);
    this.#reserve(text.length * 3);
    this.#end += TEXT_ENCODER.encodeInto(text, this.#out.subarray(this.#end)).written;
    this.#ends[this.#count++] = this.#end;
  }

  finish(): EncodedBatch[] {
    if (this.#count === 0) return [];
    const bytes = outputCopy(this.#out.subarray(0, this.#end));
    return [{ bytes, ends: this.#ends.slice(0, this.#count), partition: "" }];
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(this.#out.length * 2, this.#end + bytes));
    larger.set(this.#out.subarray(0, this.#end));
    this.#out = larger;
  }
}
