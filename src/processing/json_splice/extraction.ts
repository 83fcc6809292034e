import { LevelWords } from "./level_words.ts";
import type { MemberScan } from "./member_scan.ts";
import { MemberTime, TIME } from "./member_time.ts";
import { isPlainNumber } from "./scalar_text.ts";
import type { JsonSplicePlan } from "./splice_plan.ts";

const QUOTE = 0x22;
const ZERO = 0x30;
const LEFT_BRACKET = 0x5b;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LEFT_BRACE = 0x7b;

/** No member was taken. */
export const NONE = -1;
/** The line needs the general path. */
export const UNUSUAL = -2;

/** Takes the members that become time, level and message away from those that `MemberScan` found. */
export class Extraction {
  /** Holds the text of a time that does not stand in the line. */
  readonly time: MemberTime;
  readonly #members: MemberScan;
  readonly #timeSlots: Int32Array;
  readonly #levelSlots: Int32Array;
  readonly #messageSlots: Int32Array;
  readonly #levelWords: LevelWords;

  constructor(plan: JsonSplicePlan, members: MemberScan, slotOf: (name: string) => number) {
    this.time = new MemberTime(plan.parseTime, plan.formatTime);
    this.#members = members;
    this.#timeSlots = Int32Array.from(plan.timeFields, slotOf);
    this.#levelSlots = Int32Array.from(plan.levelFields, slotOf);
    this.#messageSlots = Int32Array.from(plan.messageFields, slotOf);
    this.#levelWords = new LevelWords(plan.parseLevel);
  }

  /** Takes the time's member away: its slot, `slotCount` if its text was formatted, NONE or UNUSUAL. */
  takeTime(bytes: Uint8Array, view: DataView): number {
    const members = this.#members;
    const slots = this.#timeSlots;
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number;
      if (members.state[slot] === 0) continue;
      const time = this.time.read(
        bytes,
        view,
        members.valueAt[slot] as number,
        members.endAt[slot] as number,
      );
      if (time === TIME.none) continue;
      if (time === TIME.unusual) return UNUSUAL;
      members.state[slot] = 0;
      return time === TIME.asItStands ? slot : members.slotCount;
    }
    return NONE;
  }

  /** Takes the level's member away: the level's index, NONE or UNUSUAL. */
  takeLevel(bytes: Uint8Array, view: DataView): number {
    const members = this.#members;
    const slots = this.#levelSlots;
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number;
      if (members.state[slot] === 0) continue;
      const start = members.valueAt[slot] as number;
      const first = bytes[start] as number;
      // A number may be a level of pino.
      if ((first - ZERO) >>> 0 < 10) return UNUSUAL;
      if (first !== QUOTE) continue;
      const level = this.#levelWords.read(bytes, view, start + 1, (members.endAt[slot] as number) - 1);
      if (level === NONE) continue;
      if (level >= 0) members.state[slot] = 0;
      return level;
    }
    return NONE;
  }

  /** Takes the message's member away: its slot, NONE or UNUSUAL. */
  takeMessage(bytes: Uint8Array): number {
    const members = this.#members;
    const slots = this.#messageSlots;
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number;
      if (members.state[slot] === 0) continue;
      const start = members.valueAt[slot] as number;
      const code = bytes[start];
      if (code === LETTER_N || code === LEFT_BRACE || code === LEFT_BRACKET) continue;
      // A number is the text that JavaScript writes for it.
      if (
        code !== QUOTE && code !== LETTER_T && code !== LETTER_F &&
        !isPlainNumber(bytes, start, members.endAt[slot] as number)
      ) return UNUSUAL;
      members.state[slot] = 0;
      return slot;
    }
    return NONE;
  }
}
