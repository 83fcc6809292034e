import type { LineTime } from "./line_time.ts";

const ZERO = 0x30;

/**
 * Adds a clock to a date that seldom changes, so that a time costs a comparison and a few additions. Short texts are
 * compared fastest: the engine copies parts of up to 12 characters, and refers to the line for longer ones.
 */
export class ClockTime {
  readonly #times: LineTime;
  readonly #zero: string;
  #date = "";
  #zone = "";
  #start = NaN;

  /** `times` reads a date, then `zero`, which stands for a clock at its start, then a zone. */
  constructor(times: LineTime, zero: string) {
    this.#times = times;
    this.#zero = zero;
  }

  /**
   * Milliseconds since 1970, or NaN for what does not exist. `clock` is `HH:MM:SS`, or `MM:SS` with the hour at the end
   * of `date`, which is right also on the days when clocks are set.
   */
  of(date: string, clock: string, zone: string): number {
    if (date !== this.#date || zone !== this.#zone) {
      this.#start = this.#times.of(date + this.#zero + zone);
      this.#date = date;
      this.#zone = zone;
    }
    return this.#start + clockMs(clock);
  }
}

/** Milliseconds since the beginning of the day, or of the hour; NaN beyond its end. */
function clockMs(clock: string): number {
  const end = clock.length;
  const second = twoDigits(clock, end - 2);
  const minute = twoDigits(clock, end - 5);
  const hour = end === 8 ? twoDigits(clock, 0) : 0;
  // A leap second counts as the one that follows.
  return second > 60 || minute > 59 || hour > 23 ? NaN : ((hour * 60 + minute) * 60 + second) * 1000;
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}
