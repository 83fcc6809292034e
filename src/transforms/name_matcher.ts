import { KeyError } from "../lib/key_error.ts";
import { compileRegExp } from "../lib/regular_expression.ts";

/** Names come from data: so many decisions are remembered, then it starts anew. */
const REMEMBERED = 4096;

/** Decides about names of fields, each once: records of one kind have the same names again and again. */
export class NameMatcher {
  readonly #decide: (name: string) => boolean;
  readonly #decisions = new Map<string, boolean>();

  constructor(decide: (name: string) => boolean) {
    this.#decide = decide;
  }

  matches(name: string): boolean {
    const known = this.#decisions.get(name);
    if (known !== undefined) return known;
    if (this.#decisions.size === REMEMBERED) this.#decisions.clear();
    const decision = this.#decide(name);
    this.#decisions.set(name, decision);
    return decision;
  }
}

/** Names that match one of the expressions. Throws KeyError, `patterns[1]` for example, for what is none. */
export function patternMatcher(patterns: readonly string[], key = "patterns"): NameMatcher {
  const expressions = compilePatterns(patterns, key);
  return new NameMatcher((name) => expressions.some((expression) => expression.test(name)));
}

/** Compiles regular expressions from the configuration, without the flags that make `test` remember. */
export function compilePatterns(patterns: readonly string[], key: string): RegExp[] {
  return patterns.map((pattern, index) => {
    try {
      const { source, flags } = compileRegExp(pattern);
      return new RegExp(source, flags.replace(/[gy]/g, ""));
    } catch (error) {
      throw new KeyError(
        `${key}[${index}]`,
        error instanceof Error ? error.message : String(error),
        { cause: error },
      );
    }
  });
}
