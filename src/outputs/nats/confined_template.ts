import { textOf } from "../../encoding/field_value.ts";
import { compileEventTemplate, type EventValue } from "../../encoding/event_template.ts";
import type { FieldValue, LogEvent } from "../../event.ts";
import { parseTemplate } from "../../lib/template.ts";

/** What values of records may contribute to a name. */
export interface Confinement {
  /** What they may not: each match becomes `_`. With the flag g. */
  readonly others: RegExp;
  /** Characters of one value at most. */
  readonly longest: number;
  /** What stands for no value, or an empty one. */
  readonly absent: string;
}

/**
 * Compiles a template for a name, such as a subject, to which records contribute only what cannot lead elsewhere.
 * Throws KeyError with `key`.
 */
export function compileConfined(
  template: string,
  key: string,
  confinement: Confinement,
): (event: LogEvent) => string {
  // For its errors, which name the key.
  compileEventTemplate(template, key);
  const parts = parseTemplate(template).map((part) =>
    "text" in part
      ? part.text
      : new ConfinedValue(compileEventTemplate(`{{ ${part.name} }}`, key), confinement)
  );
  const [only, ...more] = parts;
  if (only === undefined) return () => "";
  if (typeof only === "string" && more.length === 0) return () => only;
  return (event) => {
    let name = "";
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index];
      name += typeof part === "string" ? part : part?.of(event) ?? "";
    }
    return name;
  };
}

/** Neighbouring records share values, so the last one is remembered. */
class ConfinedValue {
  #value: FieldValue | undefined;
  #text: string;

  constructor(readonly compiled: EventValue, readonly confinement: Confinement) {
    this.#text = confinement.absent;
  }

  of(event: LogEvent): string {
    const value = this.compiled(event);
    if (value === this.#value && typeof value !== "object") return this.#text;
    const { others, longest, absent } = this.confinement;
    const text = value === undefined || value === null
      ? ""
      : textOf(value).slice(0, longest).replace(others, "_");
    this.#text = text === "" ? absent : text;
    this.#value = value;
    return this.#text;
  }
}
