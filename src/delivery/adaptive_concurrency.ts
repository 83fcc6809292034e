/** Weight of the newest measurement in the moving mean. */
const WEIGHT = 0.4;
/** Round trips that take so many deviations longer than usual tell of overload. */
const SLOW_DEVIATIONS = 2.5;
/** What is left of the limit when it shrinks, rounded down. */
const SHRINK = 0.9;
/** The deviation counts as at least this part of the mean: a link that is always equally fast would else allow none. */
const LEAST_DEVIATION = 0.1;

/**
 * How many sends may be in flight, found out from how the destination answers, as TCP does and Vector after it: the
 * limit grows while round trips take no longer than usual, and shrinks by a tenth or more when they do, or when the
 * destination refuses. It begins at 1 and doubles until it shrinks for the first time; from then on it grows by one. It
 * changes at most once in the time of a usual round trip, since only then the answers belong to the limit as it is.
 */
export class AdaptiveConcurrency {
  readonly #maximum: number;
  #limit = 1;
  /** It has never shrunk. */
  #isStarting = true;
  #inFlight = 0;
  /** The moving mean of round trips in ms, once there was one, and their variance. */
  #mean: number | undefined;
  #variance = 0;
  /** What came since the last look. */
  #sum = 0;
  #count = 0;
  #refused = false;
  #reached = false;
  #nextLook = 0;

  /** `maximum`: the limit never exceeds it. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get limit(): number {
    return this.#limit;
  }

  /** A send begins. */
  begin(): void {
    if (++this.#inFlight >= this.#limit) this.#reached = true;
  }

  /** A send has ended at `now`, in ms. `roundTrip`: how long it took, in ms; undefined: the destination refused. */
  end(now: number, roundTrip: number | undefined): void {
    this.#inFlight--;
    if (roundTrip === undefined) this.#refused = true;
    else {
      this.#sum += Math.max(0, roundTrip);
      this.#count++;
    }
    if (this.#mean === undefined) {
      if (this.#count === 0) return;
      // It may have taken long for another reason, such as the connection: the next one is looked at.
      this.#mean = this.#sum / this.#count;
      this.#nextLook = now;
    } else if (now >= this.#nextLook) {
      this.#adjust(this.#mean);
      this.#nextLook = now + this.#mean;
    } else return;
    this.#sum = 0;
    this.#count = 0;
    this.#refused = false;
    this.#reached = false;
  }

  #adjust(mean: number): void {
    const usual = Math.max(Math.sqrt(this.#variance), mean * LEAST_DEVIATION);
    const current = this.#count === 0 ? undefined : this.#sum / this.#count;
    if (this.#refused || (current !== undefined && current >= mean + SLOW_DEVIATIONS * usual)) {
      this.#limit = Math.max(1, Math.floor(this.#limit * SHRINK));
      this.#isStarting = false;
    } else if (this.#reached && current !== undefined && current <= mean + usual) {
      this.#limit = Math.min(this.#maximum, this.#isStarting ? this.#limit * 2 : this.#limit + 1);
    }
    if (current === undefined) return;
    const step = (this.#isStarting && current < mean ? 1 : WEIGHT) * (current - mean);
    this.#mean = mean + step;
    this.#variance = (1 - WEIGHT) * (this.#variance + (current - mean) * step);
  }
}
