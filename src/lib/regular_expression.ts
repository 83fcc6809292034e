import { beginsAnchored, requiredText } from "./regular_expression/required_text.ts";
import { type ParseOptions, parsePattern } from "./regular_expression/parse.ts";
import { type Alternatives, PatternError } from "./regular_expression/node.ts";
import { writePattern, type WrittenPattern } from "./regular_expression/write.ts";

export type { Dialect } from "./regular_expression/node.ts";
export { PatternError, UnsupportedSyntaxError } from "./regular_expression/node.ts";

/** A regular expression and the names that its groups have in the user's pattern. */
export interface NamedRegExp {
  readonly regexp: RegExp;
  /** The name of each group by its number, as written, so `a.b` and `[a][b]`, too, and the same name twice. */
  readonly names: readonly (string | undefined)[];
  /** Whether V8's linear engine cannot take over when it backtracks too much. */
  readonly backtrackingOnly: boolean;
  /** A text that every match holds and that is worth looking for first; empty if there is none. */
  readonly required: string;
}

/** How a pattern is read and written. */
export interface CompileOptions extends Pick<ParseOptions, "dialect"> {
  /** Let groups without a name capture nothing, which is faster. */
  readonly namedOnly?: boolean;
}

/**
 * Compiles a pattern in the syntax of Go or JavaScript, whose groups then have numbers only. Inline flags are worked into
 * the pattern, since V8's linear engine knows no `i`. Throws PatternError, which tells what is wrong and where.
 */
export function compileRegExp(source: string): RegExp {
  return compileNamedRegExp(source).regexp;
}

/** Like `compileRegExp`, with the names of the groups. */
export function compileNamedRegExp(source: string, options: CompileOptions = {}): NamedRegExp {
  const pattern = parsePattern(source, options);
  const written = writePattern(pattern, options);
  const { names, backtrackingOnly } = written;
  return { regexp: instantiate(source, written), names, backtrackingOnly, required: textToLookFor(pattern) };
}

/** A text that every match of a pattern holds, if looking for it first is worth while; empty if not. */
export function textToLookFor(pattern: Alternatives): string {
  const text = beginsAnchored(pattern) ? "" : requiredText(pattern);
  // What is shorter stands in too many lines.
  return text.length < 2 ? "" : text;
}

/** Makes the RegExp of a written pattern. Throws PatternError if it is too large for V8. */
export function instantiate(source: string, { source: written, flags }: WrittenPattern): RegExp {
  try {
    const regexp = new RegExp(written, flags);
    // V8 compiles at the first search; that it is too large must not come to light on data.
    regexp.exec("");
    return regexp;
  } catch (cause) {
    throw new PatternError(`"${source}" is a regular expression that is too large`, { cause });
  }
}
