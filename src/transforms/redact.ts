import type { ProcessingContext } from "../component.ts";
import type { Fields, FieldValue, LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { compileEventPath, type EventPath } from "./event_path.ts";
import { textOf } from "../encoding/field_value.ts";
import { NameMatcher } from "./name_matcher.ts";
import { isCardNumber } from "./redaction/card.ts";
import { type Redaction, redactions, type Replacement } from "./redaction/redactions.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Names of fields that hold secrets, where the configuration names none. */
const SECRET_NAMES = [
  "password",
  "passwd",
  "secret",
  "token",
  "api_key",
  "apikey",
  "access_key",
  "private_key",
  "credential",
  "auth",
  "authorization",
];

/** What is nested deeper is hidden whole, so that nesting is no way around. */
const MAX_DEPTH = 100;
/** Hexadecimal digits of a hash that stay: 64 bits. */
const HASH_DIGITS = 16;

/** Hides secrets: values of fields by their name, and what looks like a secret in all texts. */
export async function createRedact(
  config: TransformOwn<"redact">,
  context: ProcessingContext,
): Promise<Transform> {
  return new Redact(config, await replacementOf(config), context);
}

async function replacementOf({ action, mask, salt }: TransformOwn<"redact">): Promise<Replacement> {
  if (action === "mask") return () => mask;
  if (action === "remove") return () => "";
  if (salt === undefined || salt === "") {
    throw new KeyError(
      "salt",
      "is needed with action hash: without it, values can be guessed from their hashes",
    );
  }
  const { createHmac } = await import("node:crypto");
  return (secret) => createHmac("sha256", salt).update(secret).digest("hex").slice(0, HASH_DIGITS);
}

class Redact implements Transform {
  readonly #names: NameMatcher | undefined;
  readonly #paths: readonly EventPath[];
  readonly #hidesMessage: boolean;
  readonly #redactions: readonly Redaction[];
  readonly #findsCards: boolean;
  readonly #removes: boolean;
  readonly #mask: string;
  readonly #replacement: Replacement;

  constructor(config: TransformOwn<"redact">, replacement: Replacement, context: ProcessingContext) {
    const { fields, patterns, action, mask } = config;
    const listed = fields.length === 0 && patterns.length === 0 ? SECRET_NAMES : fields;
    const names = listed.filter((name) => !isPath(name));
    this.#names = nameMatcher(names);
    this.#paths = listed.flatMap((name, index) =>
      isPath(name) ? [compileEventPath(name, `fields[${index}]`, context)] : []
    );
    this.#hidesMessage = names.includes("message");
    this.#redactions = redactions(patterns);
    this.#findsCards = patterns.includes("card");
    this.#removes = action === "remove";
    this.#mask = mask;
    this.#replacement = replacement;
  }

  apply(event: LogEvent): LogEvent {
    const { fields, raw, message } = event;
    if (this.#redactions.length > 0) {
      event.message = this.#redactText(message);
      event.raw = raw === message ? event.message : this.#redactText(raw);
    }
    let found = this.#hidesMessage && fields.message === undefined && this.#hideMessage(event);
    for (let i = 0; i < this.#paths.length; i++) found = this.#hideAt(this.#paths[i], event) || found;
    found = this.#redactFields(fields, 0) || found;
    // The line as it came holds the value somewhere, in a notation that only its parser knows.
    if (found) event.raw = this.#mask;
    return event;
  }

  #redactText(text: string): string {
    const list = this.#redactions;
    for (let i = 0; i < list.length; i++) text = list[i]?.redact(text, this.#replacement) ?? text;
    return text;
  }

  /** Answers whether a field was hidden for its name. */
  #redactFields(fields: Fields, depth: number): boolean {
    const names = this.#names;
    let found = false;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined || value === null) continue;
      if (names !== undefined && names.matches(name)) {
        fields[name] = this.#hidden(value);
        found = true;
      } else if (typeof value === "string") {
        if (this.#redactions.length > 0) fields[name] = this.#redactText(value);
      } else if (typeof value === "object") {
        if (depth === MAX_DEPTH) {
          fields[name] = this.#hidden(value);
          found = true;
        } else found = this.#redactNested(value, depth + 1) || found;
      } else if (this.#findsCards && this.#isCard(value)) fields[name] = this.#hidden(value);
    }
    return found;
  }

  #redactNested(value: Fields | FieldValue[], depth: number): boolean {
    if (!Array.isArray(value)) return this.#redactFields(value, depth);
    let found = false;
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (typeof item === "string") value[i] = this.#redactText(item);
      else if (typeof item === "object" && item !== null) {
        if (depth === MAX_DEPTH) {
          value[i] = this.#mask;
          found = true;
        } else found = this.#redactNested(item, depth + 1) || found;
      } else if (item !== undefined && this.#findsCards && this.#isCard(item)) {
        value[i] = this.#hidden(item) ?? this.#mask;
      }
    }
    return found;
  }

  #isCard(value: FieldValue): boolean {
    return (typeof value === "number" || typeof value === "bigint") && value >= 1e12 &&
      isCardNumber(String(value));
  }

  #hideMessage(event: LogEvent): boolean {
    if (event.message === "") return false;
    event.message = this.#replacement(event.message);
    return true;
  }

  #hideAt(path: EventPath | undefined, event: LogEvent): boolean {
    const value = path?.get(event);
    if (path === undefined || value === undefined || value === null) return false;
    const hidden = this.#hidden(value);
    if (hidden === undefined) path.remove(event);
    else path.set(event, hidden);
    return true;
  }

  #hidden(value: FieldValue): FieldValue | undefined {
    return this.#removes ? undefined : this.#replacement(textOf(value));
  }
}

function isPath(name: string): boolean {
  return /[.[]/.test(name);
}

/** `api_key` is also `apiKey`, `API-Key` and `api.key`. */
function nameMatcher(names: readonly string[]): NameMatcher | undefined {
  if (names.length === 0) return undefined;
  const known = new Set(names.map(plainName));
  return new NameMatcher((name) => known.has(plainName(name)));
}

function plainName(name: string): string {
  return name.replace(/[-_. ]/g, "").toLowerCase();
}
