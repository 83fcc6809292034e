import { formatByteSize, parseByteSize } from "./byte_size.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import type { Definition, JsonSchema } from "./schema_definition.ts";

export { parse, SchemaError, validate } from "./schema_validate.ts";

/**
 * What a value of the configuration must look like. `Given` is true when there is always a value, because it is
 * required or has a default.
 */
export interface Schema<out T, out Given extends boolean = boolean> {
  readonly definition: Definition;
  /** Never there at run time; they carry the types. */
  readonly type?: T;
  readonly given?: Given;
}

/** A schema in the making. Immutable: each method answers a new one. */
export interface SchemaBuilder<T, Given extends boolean = boolean> extends Schema<T, Given> {
  /** The value where none is written. `value` is as a user would write it: a duration is "5s". */
  default(value: Written<T>): SchemaBuilder<T, true>;
  /** It is a mistake to leave it out. */
  required(): SchemaBuilder<T, true>;
  /** One sentence for the reference and for editors. */
  describe(text: string): this;
  /** Masked wherever the configuration is shown. */
  secret(): this;
  /** Environment variables are not expanded inside: for code and the like. */
  literal(): this;
  /** Other names under which the key is accepted. */
  alias(...names: string[]): this;
  /** A rule of its own. It answers what is wrong, for example "must be at least 64 bytes". */
  check(rule: (value: T) => string | undefined): this;
}

/** A schema of an object. Keys that it does not list are mistakes. */
export interface ObjectSchema<T, Given extends boolean = boolean> extends SchemaBuilder<T, Given> {
  /** Accepts a key that belongs elsewhere: `{ max_retries: "retry.max_retries" }`. Paths start at this object. */
  moved(paths: Readonly<Record<string, string>>): this;
}

/** The type of what a schema yields. */
export type Infer<S> = S extends Schema<infer T, boolean> ? T : never;

/** What a user may write for a value of type T. */
export type Written<T> = unknown extends T ? unknown
  : T extends number ? number | string
  : T extends string | boolean ? T
  : T extends readonly (infer Item)[] ? readonly Written<Item>[]
  : T extends object ? { readonly [Key in keyof T]?: Written<T[Key]> }
  : T;

/** Keys of an object schema. */
export type Keys = Readonly<Record<string, Schema<unknown>>>;

type Always<S> = S extends Schema<unknown, infer Given> ? (Given extends true ? true : false) : false;

/** What an object schema with these keys yields. */
export type ObjectOf<K extends Keys> =
  & { readonly [Key in keyof K as Always<K[Key]> extends true ? Key : never]: Infer<K[Key]> }
  & { readonly [Key in keyof K as Always<K[Key]> extends true ? never : Key]?: Infer<K[Key]> | undefined };

class Builder implements ObjectSchema<unknown> {
  constructor(readonly definition: Definition) {}

  default(value: unknown): SchemaBuilder<unknown, true> {
    return this.#with({ default: { written: value } });
  }

  required(): SchemaBuilder<unknown, true> {
    return this.#with({ required: true });
  }

  describe(text: string): this {
    return this.#with({ description: text });
  }

  secret(): this {
    return this.#with({ secret: true });
  }

  literal(): this {
    return this.#with({ literal: true });
  }

  alias(...names: string[]): this {
    return this.#with({ aliases: [...this.definition.aliases, ...names] });
  }

  check(rule: (value: unknown) => string | undefined): this {
    return this.#with({ checks: [...this.definition.checks, rule] });
  }

  moved(paths: Readonly<Record<string, string>>): this {
    const { shape } = this.definition;
    if (shape.kind !== "object") {
      throw new TypeError(`Cannot move keys of a schema: it is of kind "${shape.kind}"`);
    }
    return this.#with({ shape: { ...shape, moved: { ...shape.moved, ...paths } } });
  }

  #with(changes: Partial<Definition>): this & SchemaBuilder<unknown, true> {
    return new Builder({ ...this.definition, ...changes }) as this & SchemaBuilder<unknown, true>;
  }
}

/** The one place where a type is claimed for a definition; each builder below states the type its shape yields. */
function build<S>(shape: Definition["shape"]): S {
  const definition: Definition = {
    shape,
    required: false,
    secret: false,
    literal: false,
    aliases: [],
    checks: [],
  };
  return new Builder(definition) as unknown as S;
}

export function object<const K extends Keys>(keys: K): ObjectSchema<ObjectOf<K>, false> {
  const definitions = Object.fromEntries(
    Object.entries(keys).map(([key, { definition }]) => [key, definition]),
  );
  return build({ kind: "object", keys: definitions, moved: {} });
}

/** The object schema `base` with more keys; one of the same name is replaced. Throws if `base` is no object schema. */
export function extend<T, const K extends Keys>(
  base: Schema<T>,
  keys: K,
): ObjectSchema<T & ObjectOf<K>, false> {
  const { shape } = base.definition;
  if (shape.kind !== "object") throw new TypeError(`Cannot extend a schema: it is of kind "${shape.kind}"`);
  const more = Object.fromEntries(Object.entries(keys).map(([key, { definition }]) => [key, definition]));
  return new Builder({
    ...base.definition,
    shape: { ...shape, keys: { ...shape.keys, ...more } },
  }) as unknown as ObjectSchema<T & ObjectOf<K>, false>;
}

export function list<T>(
  item: Schema<T>,
  limits: { readonly min?: number } = {},
): SchemaBuilder<readonly T[], false> {
  return build({ kind: "list", item: item.definition, min: limits.min ?? 0 });
}

/** A list, or a single entry without a list around it. */
export function oneOrMany<T>(item: Schema<T>): SchemaBuilder<readonly T[], false> {
  return build({ kind: "many", item: item.definition });
}

/** An object with any keys. */
export function record<T>(value: Schema<T>): SchemaBuilder<Readonly<Record<string, T>>, false> {
  return build({ kind: "record", value: value.definition });
}

export function string(): SchemaBuilder<string, false> {
  return build({ kind: "string" });
}

export function integer(limits: Limits = {}): SchemaBuilder<number, false> {
  return build({ kind: "number", integer: true, ...limits });
}

export function number(limits: Limits = {}): SchemaBuilder<number, false> {
  return build({ kind: "number", integer: false, ...limits });
}

export function boolean(): SchemaBuilder<boolean, false> {
  return build({ kind: "boolean" });
}

export function choice<const V extends string | number>(values: readonly V[]): SchemaBuilder<V, false> {
  return build({ kind: "choice", values });
}

/** Any JSON. */
export function anything(): SchemaBuilder<unknown, false> {
  return build({ kind: "anything" });
}

/** Smallest and largest value allowed. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

/** A scalar with a notation of its own. `parse` answers undefined for what it does not understand. */
export function scalar<T>(notation: {
  /** Completes "must be …", and names the type in the reference by `name`. */
  readonly expected: string;
  readonly name: string;
  readonly json: JsonSchema;
  parse(text: string): T | undefined;
  format(value: T): string | number;
}): SchemaBuilder<T, false> & { default(value: string | number): SchemaBuilder<T, true> } {
  return build({ kind: "scalar", ...notation, format: (value) => notation.format(value as T) });
}

/** Written as "1m30s", yields milliseconds. */
export function duration(): SchemaBuilder<number, false> {
  return scalar({
    name: "duration",
    expected: 'a duration with a unit (ns, us, ms, s, m, h), such as "5s" or "1m30s"',
    json: {
      anyOf: [{ type: "string", pattern: "^(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$" }, {
        const: 0,
      }],
    },
    parse: parseDuration,
    format: formatDuration,
  });
}

/** Written as 65536 or "64MiB", yields bytes. */
export function byteSize(): SchemaBuilder<number, false> {
  return scalar({
    name: "size",
    expected: 'a size in bytes, such as 65536, "64MiB" or "10MB"',
    json: {
      anyOf: [{ type: "integer", minimum: 0 }, {
        type: "string",
        pattern: "^[0-9]+(\\.[0-9]+)? ?(([KMGTkmgt][iI]?)?[bB])?$",
      }],
    },
    parse: parseByteSize,
    format: formatByteSize,
  });
}

/** What `variants` yields: the variant's name, the common keys, and the variant's own keys under `config`. */
export type VariantOf<K extends Keys> = ObjectOf<K> & { readonly type: string; readonly config: unknown };

/**
 * An object whose key `type` says which keys it has. They stand beside `type`, or in a block named like the type.
 * Blocks of other types are validated and otherwise ignored.
 */
export function variants<const K extends Keys>(options: {
  /** Completes `"elastic" is no …`. */
  readonly noun: string;
  readonly fallback?: string;
  readonly common: K;
  readonly types: Readonly<Record<string, Schema<unknown>>>;
  /** No blocks: the keys of a type stand beside `type` only, and may be called like a type. */
  readonly flat?: boolean;
}): SchemaBuilder<VariantOf<K>, false> {
  const types = Object.fromEntries(
    Object.entries(options.types).map(([name, type]) => {
      if (type.definition.shape.kind !== "object") {
        throw new TypeError(
          `Cannot make variants: the schema of "${name}" is of kind "${type.definition.shape.kind}"`,
        );
      }
      return [name, type.definition];
    }),
  );
  const common = Object.fromEntries(
    Object.entries(options.common).map(([key, { definition }]) => [key, definition]),
  );
  return build({
    kind: "variants",
    noun: options.noun,
    fallback: options.fallback,
    common,
    types,
    flat: options.flat ?? false,
  });
}
