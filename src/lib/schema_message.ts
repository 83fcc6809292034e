import type { Definition, NumberShape } from "./schema_definition.ts";
import type { Node } from "./schema_node.ts";
import { suggest } from "./suggest.ts";

/** What a definition takes, to complete "must be …". */
export function expected({ shape }: Definition): string {
  switch (shape.kind) {
    case "string":
      return "a string";
    case "boolean":
      return "true or false";
    case "number":
      return `${shape.integer ? "an integer" : "a number"}${range(shape)}`;
    case "choice":
      return `one of ${shape.values.join(", ")}`;
    case "scalar":
      return shape.expected;
    case "list":
      return shape.min > 0
        ? `a list with at least ${shape.min} ${shape.min === 1 ? "entry" : "entries"}`
        : "a list";
    case "many":
      return `${expected(shape.item)}, or a list of such`;
    case "anything":
      return "a value";
    case "record":
    case "object":
    case "variants":
      return "a block of keys";
  }
}

function range({ min, max }: NumberShape): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

/** What is there instead, to complete "but is …". */
export function actual(node: Node): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "map") return "a block of keys";
  if (node.value === null) return "empty";
  return typeof node.value === "string" ? `the string ${quote(node.value)}` : node.text;
}

/** In quotes, on one line, and no longer than a message bears. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}

/** "; did you mean …", where one of the values is close. */
export function closeValue({ shape }: Definition, node: Node): string {
  if (shape.kind !== "choice" || node.kind !== "scalar" || typeof node.value !== "string") return "";
  const close = suggest(node.text, shape.values.map(String));
  return close === undefined ? "" : `; did you mean "${close}"?`;
}

/** "; did you mean …" and what is known. `what` names the list, for example "Known". */
export function hint(word: string, known: readonly string[], what: string): string {
  const close = suggest(word, known);
  const shown = known.length > 14 ? [...known.slice(0, 14), "…"] : known;
  const listed = known.length === 0 ? "" : ` ${what}: ${shown.join(", ")}`;
  return close === undefined
    ? `;${listed === "" ? " none is known here" : listed}`
    : `; did you mean "${close}"?${listed}`;
}
