import { copyBytes, OVERSHOOT } from "./copy_bytes.ts";
import { FRAME, framePieces, Pieces } from "./event_frame.ts";
import { Extraction, NONE, UNUSUAL } from "./extraction.ts";
import { MemberScan } from "./member_scan.ts";
import { AsciiText, LONGEST_TIME } from "./member_time.ts";
import { type CompiledSteps, compileSteps, DONE, type JsonSplicePlan, runSteps } from "./splice_plan.ts";
import { StepTests } from "./step_tests.ts";

export type { JsonSplicePlan, SpliceCondition, SpliceStep } from "./splice_plan.ts";

/** Makes event JSON of lines that hold a JSON object, by moving bytes. */
export interface JsonSplice {
  /** The lines that follow come from this source. `receivedAt` (ms since 1970) is the time of lines without one. */
  begin(source: string, receivedAt: number): void;
  /**
   * Writes the event of the line bytes[from..to), which is valid UTF-8 without a line break, at `at`, and answers where
   * it ends. Answers -1 where the line needs the general path, and -2 - n where transform n drops it; what it then wrote
   * from `at` on counts for nothing.
   */
  splice(
    bytes: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
  ): number;
  /** Most bytes that a line of this length becomes under the last `begin`. `splice` answers -1 where `out` has less. */
  bound(length: number): number;
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const RIGHT_BRACE = 0x7d;

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/** Builds the splice of a plan. */
export function compileJsonSplice(plan: JsonSplicePlan): JsonSplice {
  return new PlannedSplice(plan);
}

class PlannedSplice implements JsonSplice {
  readonly #members: MemberScan;
  readonly #extraction: Extraction;
  readonly #steps: CompiledSteps;
  readonly #tests: StepTests;
  readonly #formatTime: (milliseconds: number) => string;

  /** By constant, the slot that its piece names. */
  readonly #constantSlots: Int32Array;
  /** `"name":` of each slot, then `"name":value` of each constant. */
  readonly #pieces: Pieces;
  #frame = framePieces("");
  #source = "";
  #receivedAt = 0;
  readonly #receivedText = new AsciiText();
  #receivedKnown = false;
  /** Most bytes of an event that do not come from its line. */
  #overhead = 0;

  /** The arrays of the last call, and views over the same bytes. */
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #view: DataView = NO_VIEW;
  #out: Uint8Array = NO_BYTES;
  #outView: DataView = NO_VIEW;

  constructor(plan: JsonSplicePlan) {
    const slots = new Map<string, number>();
    const slotOf = (name: string): number => {
      const slot = slots.get(name) ?? slots.size;
      slots.set(name, slot);
      return slot;
    };
    for (const name of [...plan.timeFields, ...plan.levelFields, ...plan.messageFields]) slotOf(name);
    this.#steps = compileSteps(plan.steps, slotOf);
    this.#members = new MemberScan([...slots.keys()]);
    this.#tests = new StepTests(this.#steps, this.#members);
    this.#extraction = new Extraction(plan, this.#members, slotOf);
    this.#formatTime = plan.formatTime;
    const keys = this.#members.names.map((name) => JSON.stringify(name) + ":");
    const constants = this.#steps.constants;
    this.#pieces = new Pieces([...keys, ...constants.map(({ slot, json }) => keys[slot] + json)]);
    this.#constantSlots = Int32Array.from(constants, ({ slot }) => slot);
    this.begin("", 0);
  }

  begin(source: string, receivedAt: number): void {
    if (source !== this.#source) {
      this.#source = source;
      this.#frame = framePieces(source);
    }
    this.#tests.begin(source);
    if (receivedAt !== this.#receivedAt) this.#receivedKnown = false;
    this.#receivedAt = receivedAt;
    // Buffers of batches that are gone are not to be kept.
    this.#bytes = this.#out = NO_BYTES;
    this.#tests.clear();
    this.#view = this.#outView = NO_VIEW;
    // Of each name and each constant at most one copy, since steps move and never double; quotes and commas.
    this.#overhead = this.#frame.bytes.length + this.#pieces.bytes.length + LONGEST_TIME +
      2 * this.#members.slotCount + 16 + OVERSHOOT;
  }

  bound(length: number): number {
    return length + this.#overhead;
  }

  splice(
    bytes: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
  ): number {
    if (to > bytes.length || out.length - at < this.bound(to - from)) return -1;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    if (out !== this.#out) {
      this.#out = out;
      this.#outView = new DataView(out.buffer, out.byteOffset, out.byteLength);
    }
    const view = this.#view;
    const outView = this.#outView;
    const members = this.#members;
    if (!members.scan(bytes, view, from, to)) return -1;

    const frame = this.#frame;
    const frameStarts = frame.starts;
    let end = at;
    let start = 0;
    let length = frameStarts[FRAME.start + 1] as number;
    copyBytes(frame.bytes, frame.view, 0, length, out, outView, end);
    end += length;

    const time = this.#extraction.takeTime(bytes, view);
    if (time === UNUSUAL) return -1;
    if (time === NONE) {
      if (!this.#receivedKnown && !this.#formatReceived()) return -1;
      const text = this.#receivedText;
      copyBytes(text.bytes, text.view, 0, text.length, out, outView, end);
      end += text.length;
    } else if (time === members.slotCount) {
      const text = this.#extraction.time.text;
      copyBytes(text.bytes, text.view, 0, text.length, out, outView, end);
      end += text.length;
    } else {
      start = (members.valueAt[time] as number) + 1;
      length = (members.endAt[time] as number) - 1 - start;
      copyBytes(bytes, view, start, length, out, outView, end);
      end += length;
    }

    const level = this.#extraction.takeLevel(bytes, view);
    if (level === UNUSUAL) return -1;

    start = frameStarts[FRAME.message] as number;
    length = (frameStarts[FRAME.message + 1] as number) - start;
    copyBytes(frame.bytes, frame.view, start, length, out, outView, end);
    end += length;
    const message = this.#extraction.takeMessage(bytes);
    if (message === UNUSUAL) return -1;
    const isText = message !== NONE && bytes[members.valueAt[message] as number] === QUOTE;
    if (!isText) out[end++] = QUOTE;
    if (message !== NONE) {
      start = members.valueAt[message] as number;
      length = (members.endAt[message] as number) - start;
      copyBytes(bytes, view, start, length, out, outView, end);
      end += length;
    }
    if (!isText) out[end++] = QUOTE;

    start = frameStarts[FRAME.fields + 1 + level] as number;
    length = (frameStarts[FRAME.fields + 2 + level] as number) - start;
    copyBytes(frame.bytes, frame.view, start, length, out, outView, end);
    end += length;

    if (this.#steps.conditions.length > 0) this.#tests.take(bytes, level, message);
    return this.#writeFields(bytes, view, out, outView, end);
  }

  /** Writes the members that stay, and the end of the event. */
  #writeFields(bytes: Uint8Array, view: DataView, out: Uint8Array, outView: DataView, from: number): number {
    const members = this.#members;
    const state = members.state;
    const pieces = this.#pieces;
    const pieceStarts = pieces.starts;
    const slotCount = members.slotCount;
    let end = from;
    const outcome = runSteps(this.#steps, state, this.#tests);
    if (outcome !== DONE) return this.#abandon(outcome);
    // A comma follows each member; the last one is overwritten.
    if (this.#steps.keepsOthers) {
      const runs = members.runs;
      for (let run = 0; run < members.runsLength; run += 2) {
        const start = runs[run] as number;
        const length = (runs[run + 1] as number) - start;
        copyBytes(bytes, view, start, length, out, outView, end);
        end += length;
        out[end++] = COMMA;
      }
    }
    const found = members.found;
    for (let index = 0; index < members.foundLength; index++) {
      const slot = found[index] as number;
      if (state[slot] !== slot + 1) continue;
      const start = members.keyAt[slot] as number;
      const length = (members.endAt[slot] as number) - start;
      copyBytes(bytes, view, start, length, out, outView, end);
      end += length;
      out[end++] = COMMA;
    }
    const targets = this.#steps.targets;
    for (let index = 0; index < targets.length; index++) {
      const slot = targets[index] as number;
      const content = state[slot] as number;
      state[slot] = 0;
      if (content === 0 || content === slot + 1) continue;
      let start: number;
      let length: number;
      let skipped = 0;
      if (content > 0 || this.#constantSlots[-content - 1] !== slot) {
        start = pieceStarts[slot] as number;
        length = (pieceStarts[slot + 1] as number) - start;
        copyBytes(pieces.bytes, pieces.view, start, length, out, outView, end);
        end += length;
        if (content < 0) {
          const home = this.#constantSlots[-content - 1] as number;
          skipped = (pieceStarts[home + 1] as number) - (pieceStarts[home] as number);
        }
      }
      if (content > 0) {
        start = members.valueAt[content - 1] as number;
        length = (members.endAt[content - 1] as number) - start;
        copyBytes(bytes, view, start, length, out, outView, end);
      } else {
        start = (pieceStarts[slotCount - content - 1] as number) + skipped;
        length = (pieceStarts[slotCount - content] as number) - start;
        copyBytes(pieces.bytes, pieces.view, start, length, out, outView, end);
      }
      end += length;
      out[end++] = COMMA;
    }
    if (end > from) end--;
    out[end] = RIGHT_BRACE;
    out[end + 1] = RIGHT_BRACE;
    out[end + 2] = LINE_FEED;
    return end + 3;
  }

  /** Puts away what steps have put somewhere, and answers for `splice` what they answered. */
  #abandon(outcome: number): number {
    for (const slot of this.#steps.targets) this.#members.state[slot] = 0;
    return outcome === UNUSUAL ? -1 : -2 - outcome;
  }

  #formatReceived(): boolean {
    this.#receivedKnown = this.#receivedText.set(this.#formatTime(this.#receivedAt));
    return this.#receivedKnown;
  }
}
