import type { ProcessingContext } from "../component.ts";
import type { Fields, FieldValue, LogEvent } from "../event.ts";
import { compileFieldPath, type FieldPath, setField } from "../lib/field_path.ts";
import { KeyError } from "../lib/key_error.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Spreads nested fields out to the top: `{ a: { b: 1 } }` becomes `{ "a.b": 1 }`. */
export function createFlatten(config: TransformOwn<"flatten">, _context: ProcessingContext): Transform {
  return new Flatten(config);
}

class Flatten implements Transform {
  readonly #paths: readonly FieldPath[];
  readonly #separator: string;
  readonly #prefix: string;
  readonly #maxDepth: number;
  readonly #lists: boolean;
  readonly #nestedNames: string[] = [];

  constructor(config: TransformOwn<"flatten">) {
    this.#paths = config.fields.map((text, index) => pathOf(text, `fields[${index}]`));
    this.#separator = config.separator;
    this.#prefix = config.prefix;
    this.#maxDepth = config.max_depth;
    this.#lists = config.lists;
  }

  apply(event: LogEvent): LogEvent {
    const { fields } = event;
    const paths = this.#paths;
    if (paths.length === 0) this.#spreadAll(fields);
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i];
      const value = path?.get(fields);
      if (path === undefined || value === undefined || !this.#isNested(value)) continue;
      path.remove(fields);
      this.#spread(fields, value, this.#prefix + path.segments.join(this.#separator), 1);
    }
    return event;
  }

  #spreadAll(fields: Fields): void {
    // Collected first, since spreading adds names.
    const names = this.#nestedNames;
    names.length = 0;
    for (const name in fields) {
      if (this.#isNested(fields[name])) names.push(name);
    }
    for (let i = 0; i < names.length; i++) {
      const name = names[i] ?? "";
      const value = fields[name];
      fields[name] = undefined;
      if (value !== undefined && this.#isNested(value)) this.#spread(fields, value, this.#prefix + name, 1);
    }
  }

  #spread(fields: Fields, value: Nested, name: string, depth: number): void {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.#put(fields, value[i], name + this.#separator + i, depth);
      return;
    }
    for (const key in value) this.#put(fields, value[key], name + this.#separator + key, depth);
  }

  #put(fields: Fields, value: FieldValue | undefined, name: string, depth: number): void {
    if (value === undefined) return;
    if (depth < this.#maxDepth && this.#isNested(value)) this.#spread(fields, value, name, depth + 1);
    else setField(fields, name, value);
  }

  /** Something that has parts; empty objects and lists stay as they are, so that nothing is lost. */
  #isNested(value: FieldValue | undefined): value is Nested {
    if (typeof value !== "object" || value === null) return false;
    if (Array.isArray(value)) return this.#lists && value.length > 0;
    for (const key in value) {
      if (value[key] !== undefined) return true;
    }
    return false;
  }
}

type Nested = { [key: string]: FieldValue | undefined } | FieldValue[];

function pathOf(text: string, key: string): FieldPath {
  try {
    return compileFieldPath(text);
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
