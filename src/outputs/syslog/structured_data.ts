import { textOf } from "../../encoding/field_value.ts";
import type { Fields, FieldValue } from "../../event.ts";
import { compileFieldPath, type FieldPath } from "../../lib/field_path.ts";
import { KeyError } from "../../lib/key_error.ts";
import { NIL, utf8Length } from "./header_text.ts";

/** What RFC 5424 does not allow in names. */
const NOT_IN_NAME = /[^!-~]|[="\]]/g;
const LONGEST_NAME = 32;
const TO_ESCAPE = /["\\\]]/g;

/** Whether RFC 5424 allows the name of an element: one of its own, or `name@enterprise number`. */
export function isElementName(name: string): boolean {
  return /^(?:timeQuality|origin|meta)$/.test(name) ||
    (name.length <= LONGEST_NAME && /^[!#-<>-?A-\\^-~]+@\d+(?:\.\d+)*$/.test(name));
}

/** Writes fields as one element of structured data. */
export class StructuredData {
  readonly #start: string;
  readonly #paths: readonly { readonly name: string; readonly path: FieldPath }[];
  readonly #limit: number;

  /** `names`: of the fields, in this order; empty: all at the top. `limit`: bytes at most; what is more is left out. */
  constructor(id: string, names: readonly string[], limit: number) {
    this.#start = `[${id}`;
    this.#limit = limit;
    this.#paths = names.map((name, index) => {
      try {
        return { name: nameOf(name), path: compileFieldPath(name) };
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new KeyError(`structured_data.fields[${index}]`, message, { cause: error });
      }
    });
  }

  write(fields: Fields): string {
    let text = this.#start;
    let left = this.#limit - text.length - 1;
    const add = (name: string, value: FieldValue | undefined): void => {
      if (value === undefined || name === "") return;
      const parameter = ` ${name}="${textOf(value).replace(TO_ESCAPE, "\\$&")}"`;
      if (parameter.length > left || (left -= utf8Length(parameter)) < 0) return;
      text += parameter;
    };
    if (this.#paths.length === 0) {
      for (const key in fields) add(nameOf(key), fields[key]);
    } else {
      for (const { name, path } of this.#paths) add(name, path.get(fields));
    }
    return text === this.#start ? NIL : `${text}]`;
  }
}

function nameOf(field: string): string {
  return field.slice(0, LONGEST_NAME).replace(NOT_IN_NAME, "_");
}
