import { parseTemplate } from "../../lib/template.ts";
import { KeyError } from "../../lib/key_error.ts";

/** The longest name that Kafka allows. */
const LONGEST = 249;

/** Whether Kafka allows the name. */
export function isTopicName(name: string): boolean {
  return /^[\w.-]{1,249}$/u.test(name) && name !== "." && name !== "..";
}

/**
 * A name that Kafka allows, made of text from a record; undefined if nothing is left of it. Names that begin with `__`
 * are Kafka's own: no record may choose one.
 */
export function confinedTopic(text: string): string | undefined {
  const name = text.slice(0, LONGEST).replace(/[^A-Za-z0-9._-]/gu, "_").replace(/^_{2,}/u, "_").slice(
    0,
    LONGEST,
  );
  return isTopicName(name) ? name : undefined;
}

/** Throws KeyError for a template that could end up without a legal name. */
export function checkTopicTemplate(template: string, key: string): void {
  let parts;
  try {
    parts = parseTemplate(template);
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
  const fixed = parts.map((part) => ("text" in part ? part.text : "")).join("");
  if (!/^[\w.-]*$/u.test(fixed) || fixed.length > LONGEST - 100) {
    throw new KeyError(
      key,
      "has text that no topic may have; letters, digits and . _ - are allowed, 149 of them",
    );
  }
  if (!/[A-Za-z0-9-]/u.test(fixed)) {
    throw new KeyError(
      key,
      "is made of values alone, which a record may lack; put text beside them, such as logs-{{ fields.app }}, or use topic_field",
    );
  }
}
