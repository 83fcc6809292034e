import { scanNumber, scanPlainKey, scanString, scanValue, skipBlanks } from "./json_scan.ts";
import { FIRST_KEY, isKeyAt, KEY, KeyMemory } from "./key_memory.ts";
import { NameTable } from "./name_table.ts";

const QUOTE = 0x22;
const SPACE = 0x20;
const COMMA = 0x2c;
const NINE = 0x39;
const COLON = 0x3a;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Careless code takes a member of this name for the prototype: lines that have it are left to the general path. */
const PROTOTYPE = "__proto__";

/**
 * Checks a line that is to be one JSON object and finds its members: those with a name that the plan knows one by one,
 * each in the slot of its name, the others as ranges of bytes.
 */
export class MemberScan {
  /** By slot. */
  readonly names: readonly string[];
  readonly slotCount: number;
  /** By slot: n + 1 if the line has the member of slot n, else 0. Who reads it may change it. */
  readonly state: Int32Array;
  /** By slot, where the member begins, where its value begins, and where that ends. */
  readonly keyAt: Int32Array;
  readonly valueAt: Int32Array;
  readonly endAt: Int32Array;
  /** Ranges of members that have no slot, with the commas between them: start, end, start, end … */
  readonly runs: Int32Array;
  runsLength = 0;
  /** The slots that have a member. */
  readonly found: Int32Array;
  foundLength = 0;
  readonly #keys: KeyMemory;
  readonly #prototypeSlot: number;

  /** `names`: each one once; its index is its slot. */
  constructor(names: readonly string[]) {
    const known = names.includes(PROTOTYPE) ? names : [...names, PROTOTYPE];
    this.names = known;
    this.slotCount = known.length;
    this.state = new Int32Array(known.length);
    this.keyAt = new Int32Array(known.length);
    this.valueAt = new Int32Array(known.length);
    this.endAt = new Int32Array(known.length);
    this.runs = new Int32Array(2 * known.length + 2);
    this.found = new Int32Array(known.length);
    this.#keys = new KeyMemory(new NameTable(known));
    this.#prototypeSlot = known.indexOf(PROTOTYPE);
  }

  /** Whether bytes[from..to) is an object whose members were found. If not, nothing here means anything. */
  scan(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
    const state = this.state;
    const runs = this.runs;
    const keys = this.#keys;
    const entries = keys.entries;
    const keyView = keys.view;
    const found = this.found;
    for (let index = 0; index < this.foundLength; index++) state[found[index] as number] = 0;
    this.foundLength = 0;
    let key = FIRST_KEY;
    let runsLength = 0;
    let runStart = -1;
    let runEnd = -1;

    let at = skipBlanks(bytes, from, to);
    if (at >= to || bytes[at] !== LEFT_BRACE) return false;
    at = skipBlanks(bytes, at + 1, to);
    if (at < to && bytes[at] === RIGHT_BRACE) {
      this.runsLength = 0;
      return isBlank(bytes, at + 1, to);
    }
    for (;;) {
      const start = at;
      const guess = entries[key + KEY.next] as number;
      const length = entries[guess + KEY.length] as number;
      if (length <= to - at && isKeyAt(keyView, guess, length, view, at)) {
        key = guess;
        at += length;
      } else {
        if (at >= to || bytes[at] !== QUOTE) return false;
        at = scanPlainKey(bytes, at + 1, to);
        if (at < 0) return false;
        key = keys.learn(bytes, start + 1, at, key);
        at = skipBlanks(bytes, at + 1, to);
        if (at >= to || bytes[at] !== COLON) return false;
        at++;
      }
      const slot = entries[key + KEY.slot] as number;
      if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
      if (at >= to) return false;
      const value = at;
      const first = bytes[at] as number;
      if (first === QUOTE) at = scanString(bytes, view, at + 1, to) + 1;
      else if (first <= NINE) at = scanNumber(bytes, at, to);
      else at = scanValue(bytes, view, at, to, 1);
      if (at <= 0) return false;
      if (slot < 0) {
        if (runStart < 0) runStart = start;
        runEnd = at;
      } else {
        // The last of two members of one name counts, which is a case for the general path.
        if (state[slot] !== 0 || slot === this.#prototypeSlot) return false;
        state[slot] = slot + 1;
        found[this.foundLength++] = slot;
        this.keyAt[slot] = start;
        this.valueAt[slot] = value;
        this.endAt[slot] = at;
        if (runStart >= 0) {
          runs[runsLength] = runStart;
          runs[runsLength + 1] = runEnd;
          runsLength += 2;
          runStart = -1;
        }
      }
      if (at >= to) return false;
      let code = bytes[at] as number;
      if (code <= SPACE) {
        at = skipBlanks(bytes, at, to);
        if (at >= to) return false;
        code = bytes[at] as number;
      }
      if (code === RIGHT_BRACE) break;
      if (code !== COMMA) return false;
      at++;
      if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
    }
    if (runStart >= 0) {
      runs[runsLength] = runStart;
      runs[runsLength + 1] = runEnd;
      runsLength += 2;
    }
    this.runsLength = runsLength;
    return isBlank(bytes, at + 1, to);
  }
}

/** Whether there is nothing but white space; what stands behind the object is not passed on, so line breaks count. */
function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  let at = skipBlanks(bytes, from, to);
  while (at < to && (bytes[at] === LINE_FEED || bytes[at] === CARRIAGE_RETURN)) {
    at = skipBlanks(bytes, at + 1, to);
  }
  return at >= to;
}
