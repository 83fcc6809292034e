import type { Schema } from "./schema.ts";
import type { Definition, Definitions, JsonSchema, Shape } from "./schema_definition.ts";

/** A text with a variable in it stands wherever another kind of scalar may stand. */
const VARIABLE: JsonSchema = { $ref: "#/$defs/variable" };

/** The JSON Schema (draft 7) of what users write, for editors. */
export function toJsonSchema(schema: Schema<unknown>, title: string): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title,
    ...definitionSchema(schema.definition),
    $defs: {
      variable: {
        type: "string",
        pattern: "\\$",
        description: "Taken from the environment: $NAME, ${NAME}, ${NAME:-default} or ${NAME:?message}.",
      },
    },
  };
}

function definitionSchema(definition: Definition): JsonSchema {
  return {
    ...shapeSchema(definition.shape),
    ...(definition.description === undefined ? {} : { description: definition.description }),
    ...(definition.default === undefined ? {} : { default: definition.default.written }),
  };
}

function shapeSchema(shape: Shape): JsonSchema {
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
      return { anyOf: [{ enum: shape.values }, VARIABLE] };
    case "scalar":
      return { anyOf: [shape.json, VARIABLE] };
    case "list":
      return {
        type: "array",
        items: definitionSchema(shape.item),
        ...(shape.min === 0 ? {} : { minItems: shape.min }),
      };
    case "record":
      return { type: "object", additionalProperties: definitionSchema(shape.value) };
    case "object":
      return objectSchema(shape.keys, shape.moved);
    case "variants":
      return {
        type: "object",
        oneOf: Object.entries(shape.types).map(([name, type]) => {
          const choosing = { const: name, ...(shape.fallback === name ? { default: name } : {}) };
          const required = shape.fallback === name ? [] : ["type"];
          return variantSchema(shape.common, shape.types, type, choosing, required);
        }),
      };
  }
}

function objectSchema(keys: Definitions, moved: Readonly<Record<string, string>> = {}): JsonSchema {
  const properties = propertiesOf(keys);
  for (const [name, target] of Object.entries(moved)) {
    const definition = find(keys, target.split("."));
    if (definition !== undefined) {
      properties[name] = { ...definitionSchema(definition), description: `Another place for ${target}.` };
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

/** Keys of the chosen type may stand beside `type` or in its block, so none of them is required here. */
function variantSchema(
  common: Definitions,
  types: Definitions,
  type: Definition,
  choosing: JsonSchema,
  required: readonly string[],
): JsonSchema {
  const blocks = Object.fromEntries(
    Object.entries(types).map(([name, definition]) => {
      const { required: _, allOf: __, ...block } = definitionSchema(definition);
      return [name, block];
    }),
  );
  const flat = type.shape.kind === "object" ? propertiesOf(type.shape.keys) : {};
  return {
    type: "object",
    properties: { type: choosing, ...propertiesOf(common), ...flat, ...blocks },
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function propertiesOf(keys: Definitions): Record<string, JsonSchema> {
  const properties: Record<string, JsonSchema> = {};
  for (const [key, definition] of Object.entries(keys)) {
    const own = definitionSchema(definition);
    properties[key] = own;
    for (const alias of definition.aliases) {
      properties[alias] = { ...own, description: `Another name of ${key}.` };
    }
  }
  return properties;
}

function find(keys: Definitions, [key = "", ...rest]: readonly string[]): Definition | undefined {
  const definition = keys[key];
  if (definition === undefined || rest.length === 0) return definition;
  return definition.shape.kind === "object" ? find(definition.shape.keys, rest) : undefined;
}
