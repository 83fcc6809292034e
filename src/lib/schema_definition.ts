/** JSON Schema, as plain data. */
export type JsonSchema = { readonly [key: string]: unknown };

/** A schema as data: what validation, the JSON Schema and the reference are made from. */
export interface Definition {
  readonly shape: Shape;
  readonly description?: string;
  readonly required: boolean;
  /** As a user would write it. */
  readonly default?: { readonly written: unknown };
  readonly secret: boolean;
  readonly literal: boolean;
  readonly aliases: readonly string[];
  readonly checks: readonly ((value: unknown) => string | undefined)[];
}

export type Definitions = Readonly<Record<string, Definition>>;

export type Shape =
  | { readonly kind: "string" | "boolean" | "anything" }
  | NumberShape
  | ChoiceShape
  | ScalarShape
  | { readonly kind: "list"; readonly item: Definition; readonly min: number }
  /** A list, or its only entry without the list around it. */
  | { readonly kind: "many"; readonly item: Definition }
  | { readonly kind: "record"; readonly value: Definition }
  | ObjectShape
  | VariantsShape;

export interface NumberShape {
  readonly kind: "number";
  readonly integer: boolean;
  readonly min?: number;
  readonly max?: number;
}

export interface ChoiceShape {
  readonly kind: "choice";
  readonly values: readonly (string | number)[];
}

export interface ScalarShape {
  readonly kind: "scalar";
  readonly name: string;
  readonly expected: string;
  readonly json: JsonSchema;
  parse(text: string): unknown;
  format(value: unknown): string | number;
}

export interface ObjectShape {
  readonly kind: "object";
  readonly keys: Definitions;
  /** Keys that are taken as if written elsewhere: key → path from this object. */
  readonly moved: Readonly<Record<string, string>>;
}

export interface VariantsShape {
  readonly kind: "variants";
  readonly noun: string;
  readonly fallback: string | undefined;
  readonly common: Definitions;
  readonly types: Definitions;
  /** The keys of a type stand beside `type` only: a key named like a type is no block. */
  readonly flat: boolean;
}

/** The keys of an object's definition; none if it is of another kind. */
export function keysOf(definition: Definition | undefined): Definitions {
  return definition?.shape.kind === "object" ? definition.shape.keys : {};
}
