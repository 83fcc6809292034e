import { compileEventTemplate, isTemplate } from "../../encoding/event_template.ts";
import { textOf } from "../../encoding/field_value.ts";
import type { LogEvent } from "../../event.ts";

/** Makes a text from an event; undefined where there is none. */
export type EventText = (event: LogEvent) => string | undefined;

/** Compiles a template to the text that it makes, as it stands in the record. Throws KeyError with `key`. */
export function compileText(template: string, key: string): EventText {
  if (!isTemplate(template)) return () => template;
  const value = compileEventTemplate(template, key);
  return (event) => {
    const found = value(event);
    return found === undefined ? undefined : typeof found === "string" ? found : textOf(found);
  };
}

/** Control characters, and halves of characters that have no UTF-8. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** A text of a record as a name or a label: on one line, without surroundings, and not longer than `longest`. */
export function labelText(text: string, longest: number): string {
  // Cut first: what comes from a record may be megabytes.
  return (text.length > longest ? text.slice(0, longest) : text).replace(UNPRINTABLE, "_").trim();
}

const NOT_PLAIN = /[^\x20-\x7e]/gu;

/** A text of a record as the value of a header: what is no printable ASCII is percent-encoded; "unknown" if empty. */
export function headerText(text: string | undefined): string {
  const value = labelText(text ?? "", 256).replace(NOT_PLAIN, (character) => encodeURIComponent(character));
  return value === "" ? "unknown" : value;
}
