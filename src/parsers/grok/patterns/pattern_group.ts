/**
 * Patterns by name. Where a field has two names, the pattern has both, `legacy|ecs`; where more than names differ, there
 * are two patterns. The configuration chooses.
 */
export type PatternGroup = Readonly<
  Record<string, string | { readonly legacy: string; readonly ecs: string }>
>;

/** The pattern as it is written in this file. */
export const raw = String.raw;
