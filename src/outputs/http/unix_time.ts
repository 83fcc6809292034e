import type { LogEvent } from "../../event.ts";

/** Beyond these seconds, nanoseconds do not fit into 64 bits. */
const LAST_SECOND = 9_223_372_035;
const FIRST_SECOND = -9_223_372_036;

/** What a fraction of fewer digits lacks to nanoseconds. */
const ZEROS = "000000000";
const FRACTION_START = "2026-11-25T10:00:00.".length;

/** When an event was, as exactly as it is known. One object serves all events, one after the other. */
export class UnixTime {
  /** Whole seconds since 1970. */
  second = 0;
  /** The digits behind the point that are known, nine at most. */
  fraction = "";

  /** Takes the time of an event. */
  read({ timestamp, timestampText }: LogEvent): void {
    this.second = Math.floor(timestamp / 1000);
    const ms = timestamp - this.second * 1000;
    if (timestampText !== undefined) this.#readText(timestampText, ms);
    else this.#readNumber(ms);
    if (!(this.second <= LAST_SECOND)) this.#set(Number.isNaN(this.second) ? 0 : LAST_SECOND, "");
    else if (this.second < FIRST_SECOND) this.#set(FIRST_SECOND, "");
  }

  /** Nanoseconds since 1970 in decimal. */
  get nanoseconds(): string {
    return this.#withFraction(this.fraction + ZEROS.slice(this.fraction.length));
  }

  /** The same, the digits that are not known taken from a number, so that records of one moment stay apart. */
  nanosecondsWith(number: number): string {
    const missing = 9 - this.fraction.length;
    if (missing === 0) return this.nanoseconds;
    const digits = String(number % 10 ** missing);
    return this.#withFraction(this.fraction + ZEROS.slice(0, missing - digits.length) + digits);
  }

  /** Seconds since 1970 as a number in JSON, with as many digits behind the point as are known. */
  get seconds(): string {
    if (this.second < 0) return String(this.second + Number(`0.${this.fraction}0`));
    return this.fraction === "" ? String(this.second) : `${this.second}.${this.fraction}`;
  }

  #withFraction(nanoseconds: string): string {
    if (this.second > 0) return this.second + nanoseconds;
    return String(BigInt(this.second) * 1_000_000_000n + BigInt(nanoseconds));
  }

  /** The text has more digits than the number, which may have been rounded up to the next second. */
  #readText(text: string, ms: number): void {
    const hasFraction = text.charCodeAt(FRACTION_START - 1) === 46;
    this.fraction = hasFraction
      ? text.slice(FRACTION_START, Math.min(text.length - 1, FRACTION_START + 9))
      : "";
    if (hasFraction && ms < 1 && this.fraction.startsWith("999")) this.second--;
  }

  #readNumber(ms: number): void {
    const micros = Math.round(ms * 1000);
    if (micros >= 1_000_000) this.#set(this.second + 1, "000");
    else if (micros % 1000 === 0) this.fraction = padded(micros / 1000, 3);
    else this.fraction = padded(micros, 6);
  }

  #set(second: number, fraction: string): void {
    this.second = second;
    this.fraction = fraction;
  }
}

function padded(value: number, digits: number): string {
  const text = String(value);
  return ZEROS.slice(0, digits - text.length) + text;
}
