import { KeyError } from "../../lib/key_error.ts";

/** A pattern converted by the library. */
export interface ConvertedPattern {
  readonly regexp: RegExp;
  /** The field of each named group. */
  readonly names: Readonly<Record<string, string>>;
}

/** What a placeholder means. */
export type LookUp = (text: string) => {
  readonly name: string;
  readonly field: string | undefined;
  readonly pattern: string;
};

/** An escape, a placeholder, or the opening of a named group. */
const PARTS = /\\[^]|%\{([^{}]*)\}|\(\?(?:<([^<>=!][^<>]*)>|'([^']+)')/g;
const DEEPEST = 100;

/**
 * Converts a pattern in Oniguruma's syntax that has something rare in it, such as a subroutine call or an absence
 * operator. Throws KeyError for what is wrong.
 */
export async function convertOniguruma(
  source: string,
  lookUp: LookUp,
  key: string,
): Promise<ConvertedPattern> {
  const { toRegExp } = await import("oniguruma-to-es");
  const names: Record<string, string> = Object.create(null);
  // Fields may have any name and come twice, groups may not; a name that can stay may be referred to.
  const nameFor = (field: string): string => {
    const usable = /^[A-Za-z_]\w*$/.test(field) && !Object.hasOwn(names, field);
    const name = usable ? field : `grok_${Object.keys(names).length}`;
    names[name] = field;
    return name;
  };
  const expand = (text: string, depth: number): string => {
    if (depth > DEEPEST) throw new KeyError(key, `the patterns that "${source}" names contain themselves`);
    return text.replace(PARTS, (part, placeholder?: string, angled?: string, quoted?: string) => {
      const own = angled ?? quoted;
      if (own !== undefined) return `(?<${nameFor(own)}>`;
      if (placeholder === undefined) return part;
      const { field, pattern } = lookUp(placeholder);
      const opening = field === undefined ? "(?:" : `(?<${nameFor(field)}>`;
      return `${opening}${expand(pattern, depth + 1)})`;
    });
  };
  const expanded = expand(source, 0);
  try {
    return { regexp: toRegExp(expanded, { rules: { allowOrphanBackrefs: true } }), names };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeyError(key, `"${source}" is not a regular expression: ${reason}`, { cause: error });
  }
}
