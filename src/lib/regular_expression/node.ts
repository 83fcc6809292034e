/** Where something stands in the source of a pattern: UTF-16 offsets, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What matches one character, or a place between two, and is written in JavaScript already. */
export interface AtomNode extends Span {
  readonly kind: "atom";
  /** Valid with and without the flag u, but for what `unicode` says. */
  readonly source: string;
  /** Whether it needs the flag u. */
  readonly unicode: boolean;
  /** Whether it looks at a place and takes no character, as `^` and `\b` do. */
  readonly zeroWidth: boolean;
}

/** What stands in parentheses. */
export interface GroupNode extends Span {
  readonly kind: "group";
  readonly type: "plain" | "capture" | "atomic" | "ahead" | "not_ahead" | "behind" | "not_behind";
  /** The user's name of a group that captures; none: it is referred to by its number, if at all. */
  readonly name: string | undefined;
  readonly body: Alternatives;
  /** Where the body stands, if that is another source than the group's: the definition of a placeholder. */
  readonly bodySource: string | undefined;
}

/** What may come several times. */
export interface RepeatNode extends Span {
  readonly kind: "repeat";
  readonly body: Node;
  readonly min: number;
  readonly max: number;
  readonly mode: "greedy" | "lazy" | "possessive";
}

/** What an earlier group has captured, once more. */
export interface BackReferenceNode extends Span {
  readonly kind: "back_reference";
  /** Number or name as written. */
  readonly target: number | string;
  readonly ignoreCase: boolean;
  /** The groups meant: several if they share a name. Filled when the whole pattern is known. */
  readonly groups: GroupNode[];
}

/** One element of a pattern. */
export type Node = AtomNode | GroupNode | RepeatNode | BackReferenceNode;

/** What matches one after the other. */
export type Sequence = readonly Node[];

/** Sequences tried in turn; without `|` there is one. */
export type Alternatives = readonly Sequence[];

/**
 * Whose syntax a pattern is in. `general`: what Go and JavaScript have, which rarely contradict each other. `oniguruma`:
 * Ruby's and so Logstash's, where `^` and `$` match at line breaks, `(?m)` lets `.` match them, and `\h` is a hex digit.
 */
export type Dialect = "general" | "oniguruma";

/** A pattern is wrong at one position. */
export class PatternError extends Error {
  override readonly name: string = "PatternError";
}

/** A pattern is right, but has something that this program does not translate itself. */
export class UnsupportedSyntaxError extends PatternError {
  override readonly name = "UnsupportedSyntaxError";
}
