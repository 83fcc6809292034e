import { compileNamedRegExp } from "./regular_expression.ts";
import type { Alternatives, AtomNode, GroupNode, RepeatNode } from "./regular_expression/node.ts";
import { parsePattern } from "./regular_expression/parse.ts";
import { writePattern } from "./regular_expression/write.ts";

/** Code points that are tried to find out whether two sets overlap: Latin. */
const SAMPLES = 0x180;

/**
 * What to tell the user of a pattern that is known to explode: for some texts it takes a time that doubles with every
 * character. Undefined for all others, and for those that cannot be judged.
 */
export async function explosionHint(regexp: RegExp, parts?: PatternParts): Promise<string | undefined> {
  const { pattern, trusted } = parts ?? { pattern: parse(regexp.source), trusted: () => false };
  // The library is large, and all that it would find has one repetition in another.
  const trading = hasNestedRepeats(pattern, trusted) ? await tradingQuantifiers(regexp) : undefined;
  const cause = overlappingChoice(pattern, trusted) ?? trading;
  if (cause === undefined) return undefined;
  const { character, part } = cause;
  return `takes a time that doubles with every further ${
    JSON.stringify(character)
  } in a line that does not match: ${part}`;
}

/** What a pattern is made of, where that is known. */
export interface PatternParts {
  readonly pattern: Alternatives;
  /** Whether a group is known to do no harm by itself. */
  readonly trusted: (group: GroupNode) => boolean;
}

/** Nothing, if it is in a syntax that is not known. */
function parse(source: string): Alternatives {
  try {
    return parsePattern(source);
  } catch {
    return [];
  }
}

interface Cause {
  /** What a text must hold many of. */
  readonly character: string;
  readonly part: string;
}

/** Quantifiers in quantifiers, which share the same characters in more and more ways, as in `(a+)+`. */
async function tradingQuantifiers(regexp: RegExp): Promise<Cause | undefined> {
  const { analyse } = await import("scslre");
  try {
    const { reports } = analyse(regexp, { reportTypes: { Move: false }, assumeRejectingSuffix: true });
    for (const report of reports) {
      if (!report.exponential) continue;
      const { raw } = report.type === "Self" ? report.parentQuant : report.endQuant;
      return { character: report.character.pick, part: raw };
    }
  } catch { /* Syntax that the library does not know. */ }
  return undefined;
}

/** A repeated choice between sets that have a character in common, as in `(.|\s)*`; the library does not look for it. */
function overlappingChoice(alternatives: Alternatives, trusted: PatternParts["trusted"]): Cause | undefined {
  return findRepeat(alternatives, trusted, ({ body, max, mode }) => {
    if (max !== Infinity || mode === "possessive" || body.kind !== "group") return undefined;
    const character = commonCharacter(body.body);
    return character === undefined ? undefined : { character, part: writePattern(body.body).source };
  });
}

/** Whether something that comes any number of times is in something that comes several times. */
function hasNestedRepeats(alternatives: Alternatives, trusted: PatternParts["trusted"]): boolean {
  return findRepeat(alternatives, trusted, ({ body, max }) => {
    if (max < 2) return undefined;
    return findRepeat([[body]], () => false, (inner) => inner.max === Infinity ? true : undefined);
  }) ?? false;
}

/** What `answer` says to the first repetition to which it says something; the outer ones come first. */
function findRepeat<T>(
  alternatives: Alternatives,
  trusted: PatternParts["trusted"],
  answer: (node: RepeatNode) => T | undefined,
): T | undefined {
  for (const node of alternatives.flat()) {
    if (node.kind === "group" && trusted(node)) continue;
    const own = node.kind === "repeat" ? answer(node) : undefined;
    if (own !== undefined) return own;
    const inner = node.kind === "group" ? node.body : node.kind === "repeat" ? [[node.body]] : [];
    const found = findRepeat(inner, trusted, answer);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A character that two of the alternatives match, as far as these are single characters. */
function commonCharacter(alternatives: Alternatives): string | undefined {
  const sets = alternatives.filter((sequence) => sequence.length === 1).map(([node]) => node)
    .filter((node): node is AtomNode => node?.kind === "atom" && !node.zeroWidth)
    .map(({ source, unicode }) => new RegExp(`^(?:${source})$`, unicode ? "u" : ""));
  if (sets.length < 2) return undefined;
  // From the letters on, so that the example can be read.
  for (let sample = 0; sample < SAMPLES; sample++) {
    const character = String.fromCharCode((sample + 0x61) % SAMPLES);
    if (sets.filter((set) => set.test(character)).length > 1) return character;
  }
  return undefined;
}

/**
 * Whether V8's linear engine could not take over from a search that backtracks without end: with look-ahead,
 * back-references, atomic groups, Unicode properties and many counted repetitions it cannot, and only a timeout helps.
 * So it is said of what is no pattern, too.
 */
export function usesBacktrackingOnly(source: string): boolean {
  try {
    return compileNamedRegExp(source).backtrackingOnly;
  } catch {
    return true;
  }
}
