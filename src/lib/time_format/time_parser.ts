/** Reads times in one format. */
export interface TimeParser {
  /**
   * Milliseconds since 1970, with a fraction; NaN: not in this format. Never throws. A number is read as its digits,
   * or as a time since 1970 where the format says so.
   */
  parse(value: string | number | bigint): number;
}
