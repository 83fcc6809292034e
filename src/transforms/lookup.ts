import type { ProcessingContext } from "../component.ts";
import type { FieldValue, LogEvent } from "../event.ts";
import { setField } from "../lib/field_path.ts";
import { KeyError } from "../lib/key_error.ts";
import { compileEventKey } from "../encoding/event_template.ts";
import { compileEventPath, type EventPath } from "./event_path.ts";
import { asFieldValue, copyOf, isFields, newFields } from "../encoding/field_value.ts";
import { type LookupTable, readTable } from "./lookup_table.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Adds what a table says about the value of a field. */
export function createLookup(config: TransformOwn<"lookup">, context: ProcessingContext): Transform {
  let bytes: Uint8Array;
  try {
    bytes = context.resources.file(config.file);
  } catch (error) {
    throw new KeyError("file", error instanceof Error ? error.message : String(error), { cause: error });
  }
  return new Lookup(config, readTable(config, bytes), context);
}

class Lookup implements Transform {
  readonly #table: LookupTable;
  readonly #key: (event: LogEvent) => string | undefined;
  readonly #target: EventPath | undefined;
  readonly #paths: readonly EventPath[];
  /** Column and value of what is added where the table has no such key. */
  readonly #fallback: readonly (readonly [EventPath, string, FieldValue])[];
  readonly #ignoreCase: boolean;

  constructor(config: TransformOwn<"lookup">, table: LookupTable, context: ProcessingContext) {
    this.#table = table;
    this.#key = compileEventKey(config.field, "field");
    this.#target = config.target === undefined
      ? undefined
      : compileEventPath(config.target, "target", context);
    this.#paths = table.columns.map((column) => columnPath(column, "columns", context));
    this.#fallback = Object.entries(config.default ?? {}).map(([column, value]) =>
      [columnPath(column, `default.${column}`, context), column, asFieldValue(value)] as const
    );
    this.#ignoreCase = config.ignore_case;
  }

  apply(event: LogEvent): LogEvent {
    const key = this.#key(event);
    const row = key === undefined
      ? undefined
      : this.#table.rows.get(this.#ignoreCase ? key.toLowerCase() : key);
    if (row === undefined) this.#addFallback(event);
    else this.#add(event, row);
    return event;
  }

  #add(event: LogEvent, row: readonly (FieldValue | undefined)[]): void {
    const { columns } = this.#table;
    const target = this.#target;
    const nested = target === undefined ? undefined : nestedAt(target, event);
    for (let i = 0; i < columns.length; i++) {
      const value = row[i];
      if (value === undefined) continue;
      if (nested === undefined) this.#paths[i]?.set(event, copyOf(value));
      else setField(nested, columns[i] ?? "", copyOf(value));
    }
  }

  #addFallback(event: LogEvent): void {
    const fallback = this.#fallback;
    if (fallback.length === 0) return;
    const target = this.#target;
    const nested = target === undefined ? undefined : nestedAt(target, event);
    for (let i = 0; i < fallback.length; i++) {
      const entry = fallback[i];
      if (entry === undefined) continue;
      const [path, column, value] = entry;
      if (nested === undefined) path.set(event, copyOf(value));
      else setField(nested, column, copyOf(value));
    }
  }
}

/** A column is a field, never what the event itself has. */
function columnPath(column: string, key: string, context: ProcessingContext): EventPath {
  return compileEventPath(`fields.${column}`, key, context);
}

function nestedAt(target: EventPath, event: LogEvent): { [key: string]: FieldValue | undefined } {
  const existing = target.get(event);
  if (isFields(existing)) return existing;
  const nested = newFields();
  target.set(event, nested);
  return nested;
}
