import type { ProcessingContext } from "../component.ts";
import type { Fields, FieldValue, LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { EventCode } from "./event_code.ts";
import { compileEventPath, type EventPath } from "./event_path.ts";
import { compilePatterns, NameMatcher } from "./name_matcher.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Keeps some fields, or removes some. What the event itself has, such as its message, stays unless it is excluded. */
export function createFilter(config: TransformOwn<"filter">, context: ProcessingContext): Transform {
  const { include_fields, exclude_fields, patterns } = config;
  const included = [...config.fields, ...include_fields];
  if (included.length === 0 && exclude_fields.length === 0 && patterns.length === 0) {
    throw new KeyError("", "needs one of the keys fields, include_fields, exclude_fields or patterns");
  }
  const code = new EventCode();
  if (included.length > 0 || patterns.length > 0) addSelection(code, included, patterns, context);
  for (const [index, text] of exclude_fields.entries()) {
    code.addRemoval(compileEventPath(text, `exclude_fields[${index}]`, context));
  }
  return code.compile();
}

function addSelection(
  code: EventCode,
  included: readonly string[],
  patterns: readonly string[],
  context: ProcessingContext,
): void {
  const paths = included.map((text) => {
    // An index keeps the whole list: a list of one would not be what it was. Properties of the event always stay.
    const name = text.replace(/(?<=.)\[\d+\].*$/s, "");
    return compileEventPath(isOwn(name) ? `fields.${name}` : name, "include_fields", context);
  });
  if (patterns.length > 0) {
    code.add(`${code.bind(new Selection(paths, compilePatterns(patterns, "patterns")))}.apply(event);`);
    return;
  }
  // The new object gets its fields in one order, whatever the record had: what reads it next sees one shape.
  const values = paths.map((path, index) => `const value${index} = ${code.get(path)};`);
  const sets = paths.map((path, index) =>
    `if (value${index} !== undefined) { ${code.set(path, `value${index}`)} }`
  );
  code.add(`${values.join(" ")} fields = event.fields = {}; ${sets.join(" ")}`);
}

function isOwn(name: string): boolean {
  return name === "message" || name === "level" || name === "timestamp";
}

/** Fields by name or by what their names look like: which ones there are is known with each record only. */
class Selection {
  readonly #names: NameMatcher;
  readonly #nested: readonly EventPath[];
  readonly #values: (FieldValue | undefined)[] = [];

  constructor(paths: readonly EventPath[], expressions: readonly RegExp[]) {
    const names = new Set(paths.flatMap(({ directName }) => directName ?? []));
    this.#nested = paths.filter(({ directName }) => directName === undefined);
    this.#names = new NameMatcher((name) =>
      names.has(name) || expressions.some((expression) => expression.test(name))
    );
  }

  apply(event: LogEvent): void {
    const { fields } = event;
    const nested = this.#nested;
    const values = this.#values;
    for (let i = 0; i < nested.length; i++) values[i] = nested[i]?.get(event);
    this.#clear(fields);
    for (let i = 0; i < nested.length; i++) {
      const value = values[i];
      if (value === undefined || nested[i]?.get(event) !== undefined) continue;
      nested[i]?.set(event, value);
    }
  }

  #clear(fields: Fields): void {
    for (const name in fields) {
      if (fields[name] !== undefined && !this.#names.matches(name)) fields[name] = undefined;
    }
  }
}
