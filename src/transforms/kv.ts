import type { ProcessingContext } from "../component.ts";
import type { Fields, LogEvent } from "../event.ts";
import { setField } from "../lib/field_path.ts";
import { type KeyValueOptions, keyValueOptions, splitKeyValues } from "../lib/key_values.ts";
import { compileEventPath, compileEventPaths, type EventPath } from "./event_path.ts";
import { isFields, newFields } from "../encoding/field_value.ts";
import { compilePatterns, NameMatcher } from "./name_matcher.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Makes fields of the pairs in texts such as `user=anna status=200`. */
export function createKv(config: TransformOwn<"kv">, context: ProcessingContext): Transform {
  return new KeyValues(config, context);
}

class KeyValues implements Transform {
  readonly #sources: readonly EventPath[];
  readonly #target: EventPath | undefined;
  readonly #options: KeyValueOptions;
  readonly #put: (key: string, value: string) => void;
  #destination: Fields = {};
  #taken = 0;

  constructor(config: TransformOwn<"kv">, context: ProcessingContext) {
    const { fields, prefix, target } = config;
    this.#options = keyValueOptions(config);
    this.#sources = compileEventPaths(fields.length === 0 ? ["message"] : fields, "fields", context);
    this.#target = target === undefined ? undefined : compileEventPath(target, "target", context);
    const keys = selectionOf(config);
    // One function for all records, which is why it finds its object outside.
    this.#put = (key, value) => {
      if (keys !== undefined && !keys.matches(key)) return;
      setField(this.#destination, prefix === "" ? key : prefix + key, value);
      this.#taken++;
    };
  }

  apply(event: LogEvent): LogEvent {
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) {
      const text = sources[i]?.get(event);
      if (typeof text === "string") this.#split(text, event);
    }
    return event;
  }

  #split(text: string, event: LogEvent): void {
    const target = this.#target;
    if (target === undefined) {
      this.#destination = event.fields;
      splitKeyValues(text, this.#options, this.#put);
      return;
    }
    const existing = target.get(event);
    const nested = isFields(existing) ? existing : newFields();
    this.#destination = nested;
    this.#taken = 0;
    splitKeyValues(text, this.#options, this.#put);
    if (this.#taken > 0 && nested !== existing) target.set(event, nested);
  }
}

/** Which keys are taken; undefined: all. */
function selectionOf(
  { include_fields, exclude_fields, patterns }: TransformOwn<"kv">,
): NameMatcher | undefined {
  if (include_fields.length === 0 && exclude_fields.length === 0 && patterns.length === 0) return undefined;
  const included = new Set(include_fields);
  const excluded = new Set(exclude_fields);
  const expressions = compilePatterns(patterns, "patterns");
  const takesAll = included.size === 0 && expressions.length === 0;
  return new NameMatcher((key) =>
    !excluded.has(key) &&
    (takesAll || included.has(key) || expressions.some((expression) => expression.test(key)))
  );
}
