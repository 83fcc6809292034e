import { KeyError } from "../../lib/key_error.ts";
import {
  instantiate,
  PatternError,
  textToLookFor,
  UnsupportedSyntaxError,
} from "../../lib/regular_expression.ts";
import type { Flags } from "../../lib/regular_expression/cursor.ts";
import type { Alternatives } from "../../lib/regular_expression/node.ts";
import { type Definition, parsePattern } from "../../lib/regular_expression/parse.ts";
import { writePattern } from "../../lib/regular_expression/write.ts";
import type { Capture, Matching } from "../capture_fields.ts";
import { convertOniguruma } from "./convert_oniguruma.ts";
import type { Definitions, NamedPattern } from "./definitions.ts";
import { chooseName, type FieldNames, parseField, parseReference, type Reference } from "./reference.ts";

/** How a grok pattern is compiled. */
export interface GrokOptions {
  readonly definitions: Definitions;
  readonly names: FieldNames;
  /** Whether `%{WORD}` without a field captures nothing, instead of a field `WORD`. */
  readonly namedOnly: boolean;
  readonly keepEmpty: boolean;
  /** The configuration key to blame for the pattern itself. */
  readonly key: string;
}

/** A grok pattern ready to match lines. */
export interface CompiledGrok extends Matching {
  /** The pattern with all names replaced by what they mean; undefined if another library has converted it. */
  readonly pattern: GrokPattern | undefined;
}

/** What a grok pattern is made of. */
export interface GrokPattern {
  /** As the user wrote it. */
  readonly source: string;
  readonly body: Alternatives;
  /** Which of both names of a field are in use in the library's own patterns. */
  readonly names: FieldNames;
  /** The bodies of the library's own patterns in it. */
  readonly library: ReadonlySet<Alternatives>;
}

/** Compiles a grok pattern. Throws KeyError for what is wrong in it or in a definition that it names. */
export async function compileGrok(source: string, options: GrokOptions): Promise<CompiledGrok> {
  const { definitions, keepEmpty, key } = options;
  await definitions.load(source);
  const resolver = new Resolver(options);
  try {
    const body = resolver.resolve(source, key);
    const single = writePattern(body, { namedOnly: true, singleLine: true });
    const multi = writePattern(body, { namedOnly: true });
    return {
      regexp: instantiate(source, single),
      multiline: multi.source === single.source ? undefined : instantiate(source, multi),
      captures: single.names.flatMap((name, group) => captureOf(group, name, options)),
      required: textToLookFor(body),
      keepEmpty,
      pattern: { source, body, names: options.names, library: resolver.library },
    };
  } catch (error) {
    if (error instanceof UnknownPattern) {
      throw new KeyError(error.key, await definitions.unknown(error.name));
    }
    if (error instanceof UnsupportedSyntaxError) return await convert(source, options);
    if (error instanceof PatternError) throw new KeyError(key, error.message, { cause: error });
    throw error;
  }
}

/** A field may be filled by several groups; groups without a name are no fields. */
function captureOf(group: number | string, name: string | undefined, { names, key }: GrokOptions): Capture[] {
  const field = name === undefined ? undefined : chooseName(name, names);
  return field === undefined ? [] : [{ group, ...parseField(field, key) }];
}

/** The same by a library that knows all of Oniguruma, but neither writes as fast expressions nor tells their parts. */
async function convert(source: string, options: GrokOptions): Promise<CompiledGrok> {
  const resolver = new Resolver(options);
  const { regexp, names } = await convertOniguruma(source, (text) => resolver.lookUp(text), options.key);
  const captures = Object.entries(names).flatMap(([group, name]) => captureOf(group, name, options));
  return {
    regexp,
    multiline: undefined,
    captures,
    required: "",
    keepEmpty: options.keepEmpty,
    pattern: undefined,
  };
}

class UnknownPattern extends Error {
  readonly key: string;
  override readonly name: string;

  constructor(name: string, key: string) {
    super(`"${name}" is no grok pattern`);
    this.name = name;
    this.key = key;
  }
}

/** Replaces names by what they mean. */
class Resolver {
  /** What was read of the library's own patterns. */
  readonly library = new Set<Alternatives>();
  readonly #options: GrokOptions;
  /** Names whose definitions are being read, from the outside in. */
  readonly #chain: string[] = [];

  constructor(options: GrokOptions) {
    this.#options = options;
  }

  /** Reads a pattern and, with it, the definitions that it names. */
  resolve(source: string, key: string, flags?: Flags): Alternatives {
    try {
      return parsePattern(source, {
        dialect: "oniguruma",
        placeholder: (text, there) => this.#define(text, key, there),
        ...(flags && { flags }),
      });
    } catch (error) {
      if (!(error instanceof PatternError) || error instanceof UnsupportedSyntaxError) throw error;
      const [name] = this.#chain.slice(-1);
      const where = name === undefined ? "" : ` (the definition of "${name}")`;
      throw new KeyError(key, `${error.message}${where}`, { cause: error });
    }
  }

  /** What a placeholder means: the pattern, and the field that it fills. */
  lookUp(text: string, key = this.#options.key): Reference & NamedPattern {
    const { definitions, names, namedOnly } = this.#options;
    const { name, field } = parseReference(text, names);
    const found = definitions.get(name);
    if (found === undefined) throw new UnknownPattern(name, key);
    return {
      name,
      field: field ?? (namedOnly ? undefined : name),
      pattern: found.pattern,
      key: found.key ?? key,
    };
  }

  #define(text: string, key: string, flags: Flags): Definition {
    const { name, field, pattern, key: ownKey = key } = this.lookUp(text, key);
    if (this.#chain.includes(name)) {
      const chain = [...this.#chain.slice(this.#chain.indexOf(name)), name].map((link) => `%{${link}}`).join(
        " → ",
      );
      throw new KeyError(ownKey, `the pattern "${name}" contains itself: ${chain}`);
    }
    this.#chain.push(name);
    const body = this.resolve(pattern, ownKey, flags);
    this.#chain.pop();
    if (this.#options.definitions.get(name)?.key === undefined) this.library.add(body);
    return { name: field, source: pattern, body };
  }
}
