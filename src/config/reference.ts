import { stringify } from "./yaml_library.ts";
import { inputTypes } from "../inputs/registry.ts";
import { type Definition, type Definitions, keysOf, type Shape } from "../lib/schema_definition.ts";
import { toJsonSchema } from "../lib/schema_json.ts";
import { loadAllOutputTypes, type OutputTypes } from "../outputs/registry.ts";
import { parserConfig, parserExample } from "../parsers/parser_config.ts";
import { transformConfig, transformExample } from "../transforms/transform_config.ts";
import { rootSchemaOf } from "./config.ts";
import { PLANNED_SECTIONS } from "./planned.ts";

/** The JSON Schema of the configuration file, as text. */
export async function configurationSchema(): Promise<string> {
  const root = rootSchemaOf(await loadAllOutputTypes());
  return `${JSON.stringify(toJsonSchema(root, "Configuration of logaggregator"), null, 2)}\n`;
}

const INTRODUCTION = `# Configuration

Generated from the schemas by \`deno task docs\`. A configuration is one YAML file; \`config.yaml.example\` is a first one.
\`logaggregator validate\` reports every mistake in it at once, \`logaggregator config show\` prints it with all defaults
filled in, \`logaggregator schema\` prints a JSON Schema for editors (also in \`docs/config.schema.json\`).

- **Environment.** \`$NAME\`, \`\${NAME}\`, \`\${NAME:-default}\` (also for an empty variable) and \`\${NAME:?message}\` stand
  anywhere in a value; \`$$\` is a dollar. Variables are replaced after the YAML is read, so a value never changes the
  structure. A variable that is not set and has no default is a mistake.
- **Durations** are a number with a unit (ns, us, ms, s, m, h): \`5s\`, \`1m30s\`, \`100ms\`.
- **Sizes** are bytes, or a number with a unit: \`65536\`, \`64MiB\`, \`10MB\`.
- A key without a value counts as left out.
`;

/** What is valid and validated, while the program cannot do it yet. */
function plannedNote(type: object): string {
  return "planned" in type ? "\n*Not built yet: it is validated, and running with it is refused.*\n" : "";
}

/** The reference of the configuration, in Markdown. */
export async function configurationReference(): Promise<string> {
  const outputTypes = await loadAllOutputTypes();
  const root = keysOf(rootSchemaOf(outputTypes).definition);
  const parts = [
    INTRODUCTION,
    "## Top level\n",
    table(root),
    "\n`circuit_breaker` is also accepted here and means `reliability.circuit_breaker`.\n",
    ...components("inputs.", "[]", inputTypes, inputKeys(root.inputs)),
    ...outputParts(root.output, outputTypes),
    ...typeParts("parser", parserConfig.definition, PARSERS, { parser: parserExample }),
    ...typeParts("transforms[]", transformConfig.definition, TRANSFORMS, { transforms: [transformExample] }),
  ];
  const rest = Object.entries(root).filter(([key, { shape }]) => shape.kind === "object" && key !== "inputs");
  for (const [key, definition] of rest) {
    const note = (PLANNED_SECTIONS as readonly string[]).includes(key)
      ? "*Not built yet: it is validated, and enabling it is refused.*\n"
      : "";
    parts.push(`## ${key}\n`, note, section(key, definition));
  }
  return `${parts.filter((part) => part !== "").join("\n").replace(/\n{3,}/g, "\n\n").trimEnd()}\n`;
}

/** Keys that the inputs have in the configuration beside those of their own type. */
function inputKeys(inputs: Definition | undefined): Readonly<Record<string, Definitions>> {
  return Object.fromEntries(
    Object.entries(keysOf(inputs)).map((
      [type, { shape }],
    ) => [type, shape.kind === "list" ? keysOf(shape.item) : {}]),
  );
}

function components(
  prefix: string,
  suffix: string,
  types: Readonly<Record<string, { readonly example: unknown }>>,
  keys: Readonly<Record<string, Definitions>>,
): string[] {
  return Object.entries(types).flatMap(([name, type]) => [
    `## ${prefix}${name}${suffix}\n`,
    plannedNote(type),
    table(keys[name] ?? {}),
    example({ inputs: { [name]: [named(name, type.example, keys[name]?.name)] } }),
  ]);
}

function named(type: string, value: unknown, name: Definition | undefined): unknown {
  return name?.required === true ? { name: type, ...value as object } : value;
}

function outputParts(output: Definition | undefined, outputTypes: OutputTypes): string[] {
  if (output?.shape.kind !== "variants") return [];
  const { common, types } = output.shape;
  return [
    "## output, outputs[]\n",
    `\`output\` is one output, \`outputs\` a list of several; without both, records go to stdout. The keys of a type stand
beside \`type\`, or in a block named like the type. Types: ${
      Object.keys(types).map((name) => `\`${name}\``).join(", ")
    }.\n`,
    table(common),
    ...Object.entries(types).flatMap(([name, definition]) => {
      const type = (outputTypes as Readonly<Record<string, { readonly example: unknown }>>)[name];
      return [
        `## output.${name}\n`,
        section(`output.${name}`, definition),
        example({ output: type === undefined ? MULTI : { type: name, ...type.example as object } }),
      ];
    }),
  ];
}

/** Several outputs in the style of the original; it has no entry in the registry. */
const MULTI = {
  type: "multi",
  multi: {
    outputs: [{ name: "archive", type: "file", path: "/out/all.log" }, { type: "stdout", optional: true }],
    parallel: false,
  },
};

const PARSERS =
  "`parser` of an input, or of the top level for all inputs, is one of these, or a list: then the first that a line fits makes its fields.\n";
const TRANSFORMS =
  "`transforms` of an input come first, then those of the top level. A field is named by its path: `user.name`, `[user][name]`, `tags[0]`.\n";

/** A block whose type says which keys it has beside the common ones. */
function typeParts(path: string, definition: Definition, about: string, sample: unknown): string[] {
  const { shape } = definition;
  if (shape.kind !== "variants") return [];
  const own = Object.entries(shape.types);
  const without = own.filter(([, type]) => Object.keys(keysOf(type)).length === 0).map(([name]) =>
    `\`${name}\``
  );
  return [
    `## ${path}\n`,
    `${about}\nTypes: ${own.map(([name]) => `\`${name}\``).join(", ")}.${
      without.length === 0 ? "" : ` Without keys of their own: ${without.join(", ")}.`
    }\n`,
    section(path, { ...definition, shape: { kind: "object", keys: shape.common, moved: {} } }),
    example(sample),
    ...own.flatMap(([name, type]) =>
      Object.keys(keysOf(type)).length === 0 ? [] : [`### ${path} of type ${name}\n`, section(path, type)]
    ),
  ];
}

/** A block's keys, then those of the blocks in it. */
function section(path: string, definition: Definition): string {
  const keys = keysOf(definition);
  const inner = Object.entries(keys).flatMap(([key, { shape }]) => {
    const [block, suffix] = shape.kind === "list" ? [shape.item, "[]"] : [{ shape }, ""];
    if (block.shape.kind !== "object") return [];
    return [
      `\n### ${path}.${key}${suffix}\n`,
      section(`${path}.${key}${suffix}`, { ...definition, ...block, checks: [] }),
    ];
  });
  const moved = definition.shape.kind === "object" ? Object.entries(definition.shape.moved) : [];
  const note = moved.length === 0
    ? ""
    : `\nAlso accepted here: ${
      moved.map(([name, target]) => `\`${name}\` (means \`${target}\`)`).join(", ")
    }.\n`;
  const description = definition.description === undefined ? "" : `${definition.description}\n`;
  return [description, table(keys), note, ...inner].filter((part) => part !== "").join("\n");
}

function table(keys: Definitions): string {
  const rows = Object.entries(keys).map(([key, definition]) =>
    `| \`${key}\` | ${cell(typeName(definition.shape))} | ${defaultOf(definition)} | ${
      cell(describe(definition))
    } |`
  );
  return rows.length === 0
    ? "It has no keys.\n"
    : `| key | type | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function describe({ description = "", aliases, secret }: Definition): string {
  const also = aliases.length === 0
    ? ""
    : ` Also accepted as ${aliases.map((name) => `\`${name}\``).join(", ")}.`;
  return `${description}${also}${secret ? " Masked wherever it is shown." : ""}`;
}

function defaultOf({ default: preset, required, shape }: Definition): string {
  if (required) return "**required**";
  if (preset === undefined || shape.kind === "object" || shape.kind === "variants") return "";
  return cell(
    `\`${
      typeof preset.written === "string" && preset.written.trim() !== ""
        ? preset.written
        : JSON.stringify(preset.written)
    }\``,
  );
}

function typeName(shape: Shape): string {
  switch (shape.kind) {
    case "number": {
      const { min, max } = shape;
      const range = max === undefined ? min === undefined ? "" : ` ≥ ${min}` : ` ${min ?? "…"} to ${max}`;
      return `${shape.integer ? "integer" : "number"}${range}`;
    }
    case "choice":
      return shape.values.map((value) => `\`${value}\``).join(" | ");
    case "scalar":
      return shape.name;
    case "list":
      return `list of ${plural(shape.item.shape)}`;
    case "many":
      return `${typeName(shape.item.shape)} or list of ${plural(shape.item.shape)}`;
    case "record":
      return `any keys: ${typeName(shape.value.shape)}`;
    case "object":
    case "variants":
      return "block";
    default:
      return shape.kind;
  }
}

function plural(shape: Shape): string {
  if (shape.kind === "anything") return "anything";
  return shape.kind === "choice" ? typeName(shape) : `${typeName(shape)}s`;
}

function example(value: unknown): string {
  return `\n\`\`\`yaml\n${stringify(value, { lineWidth: 0 })}\`\`\`\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
