import type { Schema } from "./schema.ts";
import {
  type Definition,
  type Definitions,
  type JsonSchema,
  keysOf,
  type ObjectShape,
  type Shape,
  type VariantsShape,
} from "./schema_definition.ts";

/** A text with a variable in it stands wherever another kind of scalar may stand. */
const VARIABLE: JsonSchema = { $ref: "#/definitions/variable" };

/** The JSON Schema (draft 7) of what users write, for editors. */
export function toJsonSchema(schema: Schema<unknown>, title: string): JsonSchema {
  const writer = new Writer();
  const root = writer.shape(schema.definition.shape, "");
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title,
    ...root,
    definitions: {
      variable: {
        type: "string",
        pattern: "\\$",
        description: "Taken from the environment: $NAME, ${NAME}, ${NAME:-default} or ${NAME:?message}.",
      },
      ...writer.definitions,
    },
  };
}

/** Writes each block once, under the path where it is first seen, and refers to it elsewhere. */
class Writer {
  readonly definitions: Record<string, JsonSchema> = {};
  readonly #names = new Map<Shape, string>();

  definition(definition: Definition, path: string): JsonSchema {
    const { shape, description } = definition;
    // Draft 7 ignores what stands beside a $ref.
    const body = shape.kind === "object" || shape.kind === "variants"
      ? { allOf: [this.#reference(shape, path)] }
      : this.shape(shape, path);
    return {
      ...body,
      ...(description === undefined ? {} : { description }),
      ...(definition.default === undefined ? {} : { default: definition.default.written }),
    };
  }

  shape(shape: Shape, path: string): JsonSchema {
    switch (shape.kind) {
      case "string":
        // YAML reads an unquoted 2024 as a number; it is taken as written.
        return { type: ["string", "number", "boolean"] };
      case "boolean":
        return { anyOf: [{ type: "boolean" }, VARIABLE] };
      case "anything":
        return {};
      case "number":
        return {
          anyOf: [{
            type: shape.integer ? "integer" : "number",
            ...(shape.min === undefined ? {} : { minimum: shape.min }),
            ...(shape.max === undefined ? {} : { maximum: shape.max }),
          }, VARIABLE],
        };
      case "choice":
        return { anyOf: [{ enum: withNumbers(shape.values) }, VARIABLE] };
      case "scalar":
        return { anyOf: [shape.json, VARIABLE] };
      case "list":
        return {
          type: "array",
          items: this.definition(shape.item, path),
          ...(shape.min === 0 ? {} : { minItems: shape.min }),
        };
      case "many": {
        const item = this.definition(shape.item, path);
        return { anyOf: [item, { type: "array", items: item }] };
      }
      case "record":
        return { type: "object", additionalProperties: this.definition(shape.value, `${path}.*`) };
      case "object":
        return this.#object(shape, path);
      case "variants":
        return { oneOf: Object.keys(shape.types).map((name) => this.#variant(shape, name, path)) };
    }
  }

  #reference(shape: Shape, path: string): JsonSchema {
    const known = this.#names.get(shape);
    const name = known ?? this.#freeName(path);
    if (known === undefined) {
      this.#names.set(shape, name);
      this.definitions[name] = {};
      this.definitions[name] = this.shape(shape, path);
    }
    return { $ref: `#/definitions/${name}` };
  }

  #freeName(path: string): string {
    let name = path;
    for (let number = 2; name in this.definitions || name === "variable"; number++) {
      name = `${path}-${number}`;
    }
    return name;
  }

  #object({ keys, moved }: ObjectShape, path: string): JsonSchema {
    const properties = this.#properties(keys, path);
    for (const [name, target] of Object.entries(moved)) {
      const definition = find(keys, target.split("."));
      if (definition !== undefined) {
        properties[name] = {
          ...this.definition(definition, join(path, target)),
          description: `Another place for ${target}.`,
        };
      }
    }
    const required = Object.entries(keys).filter(([, definition]) => definition.required);
    const plain = required.filter(([, { aliases }]) => aliases.length === 0).map(([key]) => key);
    const aliased = required.filter(([, { aliases }]) => aliases.length > 0);
    return {
      type: "object",
      properties,
      ...(plain.length === 0 ? {} : { required: plain }),
      ...(aliased.length === 0 ? {} : {
        allOf: aliased.map(([key, { aliases }]) => ({
          anyOf: [key, ...aliases].map((name) => ({ required: [name] })),
        })),
      }),
      additionalProperties: false,
    };
  }

  #variant({ common, types, fallback, flat: isFlat }: VariantsShape, name: string, path: string): JsonSchema {
    const flat = Object.keys(this.#properties(keysOf(types[name]), join(path, name)));
    const own = types[name] === undefined ? "" : this.#block(types[name], join(path, name));
    return {
      type: "object",
      properties: {
        type: { const: name, ...(fallback === name ? { default: name } : {}) },
        ...this.#properties(common, path),
        ...Object.fromEntries(flat.map((key) => [key, { $ref: `${own}/properties/${key}` }])),
        ...Object.fromEntries(
          Object.entries(isFlat ? {} : types).map((
            [type, definition],
          ) => [type, { $ref: this.#block(definition, join(path, type)) }]),
        ),
      },
      ...(fallback === name ? {} : { required: ["type"] }),
      additionalProperties: false,
    };
  }

  /** Where a type's block is defined. Its keys may stand beside `type` instead, so none of them is required. */
  #block({ shape }: Definition, path: string): string {
    const known = this.#names.get(shape);
    const name = known ?? this.#freeName(path);
    if (known === undefined) {
      this.#names.set(shape, name);
      this.definitions[name] = {};
      const properties = shape.kind === "object" ? this.#properties(shape.keys, path) : {};
      this.definitions[name] = { type: "object", properties, additionalProperties: false };
    }
    return `#/definitions/${name}`;
  }

  #properties(keys: Definitions, path: string): Record<string, JsonSchema> {
    const properties: Record<string, JsonSchema> = {};
    for (const [key, definition] of Object.entries(keys)) {
      const own = this.definition(definition, join(path, key));
      properties[key] = own;
      for (const alias of definition.aliases) {
        properties[alias] = { ...own, description: `Another name of ${key}.` };
      }
    }
    return properties;
  }
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function find(keys: Definitions, [key = "", ...rest]: readonly string[]): Definition | undefined {
  const definition = keys[key];
  return definition === undefined || rest.length === 0 ? definition : find(keysOf(definition), rest);
}

/** YAML reads an unquoted 3164 as a number, and validation takes it for the word. */
function withNumbers(values: readonly (string | number)[]): readonly (string | number)[] {
  return [
    ...values,
    ...values.filter((value) => typeof value === "string" && /^\d+$/.test(value)).map(Number),
  ];
}
