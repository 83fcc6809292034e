import { idText } from "../batch.ts";
import type { FieldValue, LogEvent, Source } from "../event.ts";
import { compileFieldPath, type FieldPath, getField, setField } from "../lib/field_path.ts";
import { KeyError } from "../lib/key_error.ts";
import { parseTemplate, type TemplatePart } from "../lib/template.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";
import { isFields, newFields, textOf } from "./field_value.ts";

/** Makes a value from an event: undefined if the template is one single value, and the event has none. */
export type EventValue = (event: LogEvent) => FieldValue | undefined;

/**
 * Compiles a template such as `{{ fields.user.name }}@{{ source }}`. One that is a single value keeps that value's
 * type; in longer ones an absent value is no text at all. `{{ message }}`, `{{ level }}`, `{{ timestamp }}`,
 * `{{ source }}`, `{{ input }}` and `{{ id }}` are the event's own, then come labels such as `{{ file }}`, then fields
 * (`{{ fields.id }}` is a field that is called like one of those). Throws KeyError with `key`.
 */
export function compileEventTemplate(template: string, key: string): EventValue {
  const parts = splitTemplate(template, key);
  const [first, ...rest] = parts;
  if (first === undefined) return () => "";
  if (rest.length > 0) return joined(parts.map((part) => compilePart(part, key)));
  return compilePart(first, key);
}

/** Whether a text has places for values of the event. */
export function isTemplate(text: string): boolean {
  return text.includes("{{") || text.includes("}}");
}

/** JSON from the configuration whose texts, at any depth, are templates. Nested values are new for each event. */
export function compileEventValue(value: FieldValue, key: string): EventValue {
  if (typeof value === "string") return compileEventTemplate(value, key);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileEventValue(item, `${key}[${index}]`));
    // A place in a list cannot be absent.
    return (event) => items.map((item) => item(event) ?? null);
  }
  if (!isFields(value)) return () => value;
  const members = Object.entries(value).map(([name, item]) =>
    [name, compileEventValue(item ?? null, `${key}.${name}`)] as const
  );
  return (event) => {
    const fields = newFields();
    for (let i = 0; i < members.length; i++) {
      const member = members[i];
      if (member !== undefined) setField(fields, member[0], member[1](event));
    }
    return fields;
  };
}

/**
 * Compiles what names the value by which records are told apart: a template, or the name of a field, of a label or of
 * what the event itself has. The answer is undefined where there is no such value.
 */
export function compileEventKey(text: string, key: string): (event: LogEvent) => string | undefined {
  const value = isTemplate(text) ? compileEventTemplate(text, key) : compileName(text, key);
  return (event) => {
    const found = value(event);
    return found === undefined ? undefined : typeof found === "string" ? found : textOf(found);
  };
}

function splitTemplate(template: string, key: string): TemplatePart[] {
  try {
    return parseTemplate(template);
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function joined(parts: readonly EventValue[]): EventValue {
  return (event) => {
    let text = "";
    for (let i = 0; i < parts.length; i++) {
      const value = parts[i]?.(event);
      if (value !== undefined) text += typeof value === "string" ? value : textOf(value);
    }
    return text;
  };
}

function compilePart(part: TemplatePart, key: string): EventValue {
  if ("name" in part) return part.name === "id" ? idOf : compileName(part.name, key);
  const { text } = part;
  return () => text;
}

function idOf({ origin, offset }: LogEvent): string | undefined {
  return origin === undefined ? undefined : idText(origin, offset);
}

function compileName(name: string, key: string): EventValue {
  const field = pathOf(name.startsWith("fields.") && name.length > 7 ? name.slice(7) : name, key);
  switch (name) {
    case "message":
      return (event) => event.message;
    case "level":
      return (event) => event.level ?? field.get(event.fields);
    case "timestamp":
      return (event) => event.timestampText ?? formatRfc3339(event.timestamp);
    case "source":
      return (event) => event.source.stream;
    case "input":
      return (event) => event.source.input;
  }
  if (name.startsWith("fields.")) return (event) => field.get(event.fields);
  let source: Source | undefined;
  let label: FieldValue | undefined;
  return (event) => {
    if (event.source !== source) {
      source = event.source;
      label = getField(source.labels, name);
    }
    return label ?? field.get(event.fields);
  };
}

function pathOf(text: string, key: string): FieldPath {
  try {
    return compileFieldPath(text);
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
