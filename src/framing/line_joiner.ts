/** The answer to a line that does not belong to the record before it. */
export const BREAK = -1;

/** All lines of the record so far belong to it; more may follow. */
export const SURE = 0;
/** The last lines belong to the record only if a later one confirms that; else they begin records of their own. */
export const TENTATIVE = 1;
/** The record is whole. */
export const WHOLE = 2;

/** What a state says of the record so far. */
export type Certainty = typeof SURE | typeof TENTATIVE | typeof WHOLE;

/** Decides which lines make one record. It keeps nothing between calls: what counts is in the state, a small number. */
export interface LineJoiner {
  /** The state behind a line that begins a record. */
  first(line: string): number;
  /** The state behind a line that follows in the record, or {@link BREAK} when it begins the next one. */
  next(state: number, line: string): number;
  /** What each state says, by its number. */
  readonly certainty: readonly Certainty[];
}

/** Every line is a record. */
export const singleLines: LineJoiner = {
  first: () => 0,
  next: () => BREAK,
  certainty: [WHOLE],
};
