import { type FieldValue, type LogEvent, newEvent } from "../../event.ts";
import { parseObject } from "../../parsers/json.ts";
import { NONE, UNUSUAL } from "./extraction.ts";
import { LEVELS } from "./level_words.ts";
import type { MemberScan } from "./member_scan.ts";
import { plainText, readNumber } from "./scalar_text.ts";
import type { CompiledSteps, SpliceCondition } from "./splice_plan.ts";

const QUOTE = 0x22;
const LEFT_BRACKET = 0x5b;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LEFT_BRACE = 0x7b;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
/** A value that the general path makes. */
const ELSEWHERE = Symbol();

interface Test {
  readonly condition: SpliceCondition;
  readonly slots: readonly number[];
  /** What the condition sees as fields. */
  readonly fields: Record<string, FieldValue>;
}

/** Tells whether the conditions of steps hold for a line, of which it reads only what they look at. */
export class StepTests {
  readonly #tests: readonly Test[];
  readonly #constants: readonly FieldValue[];
  readonly #members: MemberScan;
  #event: LogEvent = newEvent({ input: "", stream: "", labels: {} });
  #bytes = new Uint8Array(0);
  #message = NONE;

  constructor({ conditions, constants }: CompiledSteps, members: MemberScan) {
    this.#tests = conditions.map(({ condition, slots }) => ({
      condition,
      slots,
      fields: Object.fromEntries(condition.fields.map((name) => [name, undefined as unknown as FieldValue])),
    }));
    this.#constants = constants.map(({ json }) => JSON.parse(json));
    this.#members = members;
  }

  /** The lines that follow come from this source. */
  begin(stream: string): void {
    if (this.#event.source.stream !== stream) this.#event = newEvent({ input: "", stream, labels: {} });
  }

  /** The line whose members were found in `bytes`: the index of its level and the slot of its message, if any. */
  take(bytes: Uint8Array<ArrayBuffer>, level: number, message: number): void {
    this.#bytes = bytes;
    this.#event.level = LEVELS[level];
    this.#message = message;
  }

  /** Lets go of the bytes. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
  }

  /** 1 where condition `index` holds now, 0 where it does not, or UNUSUAL. */
  test(index: number): number {
    const { condition, slots, fields } = this.#tests[index] as Test;
    const event = this.#event;
    for (let place = 0; place < slots.length; place++) {
      const value = this.#valueOf(this.#members.state[slots[place] as number] as number);
      if (value === ELSEWHERE) return UNUSUAL;
      fields[condition.fields[place] as string] = value as FieldValue;
    }
    event.fields = fields;
    if (condition.readsMessage) event.message = this.#readMessage();
    return condition.holds(event) ? 1 : 0;
  }

  #valueOf(content: number): FieldValue | undefined | typeof ELSEWHERE {
    if (content === 0) return undefined;
    if (content < 0) return this.#constants[-content - 1];
    const bytes = this.#bytes;
    const from = this.#members.valueAt[content - 1] as number;
    const to = this.#members.endAt[content - 1] as number;
    switch (bytes[from]) {
      case QUOTE:
        return this.#textOf(from, to);
      case LETTER_T:
        return true;
      case LETTER_F:
        return false;
      case LETTER_N:
        return null;
      case LEFT_BRACE:
        return parseObject(DECODER.decode(bytes.subarray(from, to))) ?? ELSEWHERE;
      case LEFT_BRACKET:
        return ELSEWHERE;
    }
    const number = readNumber(bytes, from, to);
    return Number.isNaN(number) ? ELSEWHERE : number;
  }

  /** The text of a JSON string. */
  #textOf(from: number, to: number): string {
    return plainText(this.#bytes, from + 1, to - 1) ??
      JSON.parse(DECODER.decode(this.#bytes.subarray(from, to)));
  }

  /** As it is written to the event: what is no string is its own text. */
  #readMessage(): string {
    if (this.#message === NONE) return "";
    const from = this.#members.valueAt[this.#message] as number;
    const to = this.#members.endAt[this.#message] as number;
    return this.#bytes[from] === QUOTE
      ? this.#textOf(from, to)
      : DECODER.decode(this.#bytes.subarray(from, to));
  }
}
