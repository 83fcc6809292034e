import type { ProcessingContext } from "../component.ts";
import type { FieldValue, LogEvent } from "../event.ts";
import { compileFieldPath, setField } from "../lib/field_path.ts";
import { KeyError } from "../lib/key_error.ts";
import { compileEventPath, compileEventPaths, type EventPath } from "./event_path.ts";
import { isFields, newFields } from "../encoding/field_value.ts";
import { NameMatcher, patternMatcher } from "./name_matcher.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Puts fields into a nested one, which keeps what it has already. */
export function createNest(config: TransformOwn<"nest">, context: ProcessingContext): Transform {
  const { fields, patterns, into, prefix } = config;
  const byPrefix = fields.length === 0 && patterns.length === 0;
  if (byPrefix && prefix === "") throw new KeyError("", "needs one of the keys fields, patterns or prefix");
  const names = byPrefix
    ? new NameMatcher((name) => name.startsWith(prefix) && name.length > prefix.length)
    : patterns.length > 0
    ? patternMatcher(patterns)
    : undefined;
  const paths = compileEventPaths(fields, "fields", context);
  return new Nest(paths, names, compileEventPath(into, "into", context), prefix);
}

class Nest implements Transform {
  readonly #paths: readonly { readonly path: EventPath; readonly name: string }[];
  readonly #names: NameMatcher | undefined;
  readonly #into: EventPath;
  /** The field that holds the nested one is no part of it. */
  readonly #holder: string;
  readonly #prefix: string;

  constructor(paths: readonly EventPath[], names: NameMatcher | undefined, into: EventPath, prefix: string) {
    this.#prefix = prefix;
    this.#paths = paths.map((path) => ({
      path,
      name: this.#shortened(compileFieldPath(path.text).segments.at(-1) ?? path.text),
    }));
    this.#names = names;
    this.#into = into;
    this.#holder = into.directName ?? compileFieldPath(into.text).segments[0];
  }

  apply(event: LogEvent): LogEvent {
    const target = this.#into.get(event);
    const nested = isFields(target) ? target : newFields();
    let taken = this.#take(event, nested);
    if (this.#names !== undefined) taken = this.#takeMatching(event, nested, this.#names) || taken;
    if (taken && nested !== target) this.#into.set(event, nested);
    return event;
  }

  #take(event: LogEvent, nested: { [key: string]: FieldValue | undefined }): boolean {
    const paths = this.#paths;
    let taken = false;
    for (let i = 0; i < paths.length; i++) {
      const entry = paths[i];
      const value = entry?.path.remove(event);
      if (entry === undefined || value === undefined) continue;
      setField(nested, entry.name, value);
      taken = true;
    }
    return taken;
  }

  #takeMatching(
    { fields }: LogEvent,
    nested: { [key: string]: FieldValue | undefined },
    names: NameMatcher,
  ): boolean {
    let taken = false;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined || name === this.#holder || !names.matches(name)) continue;
      fields[name] = undefined;
      setField(nested, this.#shortened(name), value);
      taken = true;
    }
    return taken;
  }

  #shortened(name: string): string {
    const prefix = this.#prefix;
    return name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : name;
  }
}
