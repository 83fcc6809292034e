import type { Schema } from "./schema.ts";
import type { Definition } from "./schema_definition.ts";
import { actual, closeValue, expected, quote } from "./schema_message.ts";
import { isEmpty, type ListNode, type Node, nodeOf, type Position, type ScalarNode } from "./schema_node.ts";
import { readObject, readRecord } from "./schema_object.ts";
import { readVariants } from "./schema_variants.ts";

/** Stands for a secret wherever the configuration is shown. */
export const REDACTED = "***REDACTED***";

/** One thing that is wrong. */
export interface Mistake {
  readonly at: Position;
  /** For example `inputs.files[0].paths`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
}

/** Replaces variables in a scalar. `secret`: part of the text is nothing that the document shows. */
export type Expand = (
  text: string,
) => { readonly text: string; readonly secret: boolean } | { readonly mistake: string };

/** What a document yields. */
export interface Validated<T> {
  /** Undefined if there are mistakes. */
  readonly value: T | undefined;
  /** The value as a user would write it, with defaults, secrets masked. */
  readonly shown: unknown;
  readonly mistakes: readonly Mistake[];
  /** What is allowed but has no effect. */
  readonly notices: readonly Mistake[];
  /** Where each value stands that is written in the document. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** Thrown by `parse`. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** Checks a document and finds every mistake in it. */
export function validate<T>(schema: Schema<T>, node: Node, expand?: Expand): Validated<T> {
  const visit = new Visit(expand, true);
  const found = isEmpty(node)
    ? visit.absent(schema.definition, "", node.at)
    : visit.read(schema.definition, node, "", node.at);
  const { mistakes, notices, positions } = visit;
  const value = mistakes.length > 0 ? undefined : found?.value as T | undefined;
  mistakes.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  return { value, shown: found?.shown, mistakes, notices, positions };
}

/** The value that a schema makes of plain data. Throws SchemaError with all mistakes. */
export function parse<T>(schema: Schema<T>, plain: unknown): T {
  const { value, mistakes } = validate(schema, nodeOf(plain));
  if (mistakes.length === 0) return value as T;
  throw new SchemaError(
    mistakes.map(({ path, message }) => `${path === "" ? "" : `${path}: `}${message}`).join("\n"),
  );
}

/** A value, and how to show it. */
export interface Found {
  readonly value: unknown;
  readonly shown: unknown;
}

/** One pass over a document. Methods answer undefined where they noted a mistake. */
export class Visit {
  readonly mistakes: Mistake[] = [];
  readonly notices: Mistake[] = [];
  readonly positions = new Map<string, Position>();
  readonly #expand: Expand | undefined;
  readonly #written: boolean;

  /** `written`: the nodes stand in the document, and are no defaults. */
  constructor(expand: Expand | undefined, written: boolean) {
    this.#expand = expand;
    this.#written = written;
  }

  mistake(at: Position, path: string, message: string): undefined {
    this.mistakes.push({ at, path, message });
  }

  notice(at: Position, path: string, message: string): void {
    this.notices.push({ at, path, message });
  }

  read(definition: Definition, node: Node, path: string, at: Position): Found | undefined {
    if (this.#written) this.positions.set(path, at);
    const before = this.mistakes.length;
    const found = this.#shape(definition, node, path, at);
    if (found === undefined || this.mistakes.length > before) return undefined;
    for (const check of definition.checks) {
      const wrong = found.value === undefined ? undefined : check(found.value);
      if (wrong !== undefined) this.mistake(at, path, wrong);
    }
    return definition.secret ? { value: found.value, shown: mask(found.shown) } : found;
  }

  /** What stands for a key that is left out of the object at `at`. */
  absent(definition: Definition, path: string, at: Position): Found | undefined {
    if (definition.default !== undefined) {
      const defaults = new Visit(undefined, false);
      const found = defaults.read(definition, nodeOf(definition.default.written, at), path, at);
      this.mistakes.push(...defaults.mistakes);
      return found;
    }
    if (definition.required) return this.mistake(at, path, `is missing; it must be ${expected(definition)}`);
    return { value: undefined, shown: undefined };
  }

  #shape(definition: Definition, node: Node, path: string, at: Position): Found | undefined {
    const { shape } = definition;
    switch (shape.kind) {
      case "anything":
        return this.#anything(node, path, definition.literal);
      case "list":
        return node.kind === "list"
          ? this.#list(shape.item, shape.min, node, path, at)
          : this.#wrong(definition, node, path, at);
      case "many": {
        if (node.kind === "list") return this.#list(shape.item, 0, node, path, at);
        const only = this.read(shape.item, node, path, at);
        return only && { value: [only.value], shown: only.shown };
      }
      case "record":
        return node.kind === "map"
          ? readRecord(this, shape.value, node, path)
          : this.#wrong(definition, node, path, at);
      case "object":
        return node.kind === "map"
          ? readObject(this, shape, node, path, at)
          : this.#wrong(definition, node, path, at);
      case "variants":
        return node.kind === "map"
          ? readVariants(this, shape, node, path, at)
          : this.#wrong(definition, node, path, at);
      default:
        return node.kind === "scalar"
          ? this.#scalar(definition, node, path, at)
          : this.#wrong(definition, node, path, at);
    }
  }

  #wrong(definition: Definition, node: Node, path: string, at: Position, is = actual(node)): undefined {
    this.mistake(at, path, `must be ${expected(definition)}, but is ${is}${closeValue(definition, node)}`);
  }

  #list(item: Definition, min: number, node: ListNode, path: string, at: Position): Found | undefined {
    const found = node.items.map((child, index) => {
      const childPath = `${path}[${index}]`;
      return isEmpty(child)
        ? this.#wrong(item, child, childPath, child.at)
        : this.read(item, child, childPath, child.at);
    });
    if (node.items.length < min) {
      return this.mistake(
        at,
        path,
        `must be a list with at least ${min} ${min === 1 ? "entry" : "entries"}, but is ${
          node.items.length === 0 ? "empty" : `one with ${node.items.length}`
        }`,
      );
    }
    return { value: found.map((each) => each?.value), shown: found.map((each) => each?.shown) };
  }

  #scalar(definition: Definition, node: ScalarNode, path: string, at: Position): Found | undefined {
    const text = this.#expanded(node, path, definition.literal);
    if (text === undefined) return undefined;
    const { shape } = definition;
    if (shape.kind === "string") return found(text.text, text.text, text.secret);
    if (text.fromVariable && text.text === "") return this.absent(definition, path, at);
    const plain = node.value === null ? undefined : scalarValue(definition, node, text);
    if (plain === undefined) {
      return this.#wrong(
        definition,
        node,
        path,
        at,
        text.fromVariable ? describeVariable(node, text) : actual(node),
      );
    }
    return found(plain, shape.kind === "scalar" ? shape.format(plain) : plain, text.secret);
  }

  #expanded(node: ScalarNode, path: string, literal: boolean): Text | undefined {
    if (
      typeof node.value !== "string" || literal || this.#expand === undefined || !node.value.includes("$")
    ) {
      return {
        text: typeof node.value === "string" ? node.value : node.text,
        fromVariable: false,
        secret: false,
      };
    }
    const expanded = this.#expand(node.value);
    if ("mistake" in expanded) return this.mistake(node.at, path, expanded.mistake);
    return { ...expanded, fromVariable: expanded.text !== node.value };
  }

  #anything(node: Node, path: string, literal: boolean): Found | undefined {
    if (node.kind === "list") {
      const items = node.items.map((item, index) => this.#anything(item, `${path}[${index}]`, literal));
      return { value: items.map((item) => item?.value), shown: items.map((item) => item?.shown) };
    }
    if (node.kind === "map") {
      const entries = node.entries.map(({ key, value }) =>
        [key, this.#anything(value, `${path}.${key}`, literal)] as const
      );
      return {
        value: Object.fromEntries(entries.map(([key, item]) => [key, item?.value])),
        shown: Object.fromEntries(entries.map(([key, item]) => [key, item?.shown])),
      };
    }
    if (typeof node.value !== "string") return { value: node.value, shown: node.value };
    const text = this.#expanded(node, path, literal);
    return text && found(text.text, text.text, text.secret);
  }
}

/** A scalar's text after expansion. */
interface Text {
  readonly text: string;
  readonly fromVariable: boolean;
  readonly secret: boolean;
}

function found(value: unknown, shown: unknown, secret: boolean): Found {
  return { value, shown: secret ? mask(shown) : withoutPassword(shown) };
}

/** Undefined where the text is nothing of the kind. A string is taken for a number only if a variable made it. */
function scalarValue({ shape }: Definition, node: ScalarNode, { text, fromVariable }: Text): unknown {
  switch (shape.kind) {
    case "boolean":
      if (typeof node.value === "boolean") return node.value;
      return fromVariable && /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined;
    case "number": {
      const number = typeof node.value === "number" ? node.value : fromVariable ? Number(text) : Number.NaN;
      const whole = !shape.integer || Number.isSafeInteger(number);
      const inRange = number >= (shape.min ?? -Infinity) && number <= (shape.max ?? Infinity);
      return Number.isFinite(number) && whole && inRange ? number : undefined;
    }
    case "choice":
      return shape.values.find((value) => String(value) === text);
    case "scalar":
      return shape.parse(text);
    default:
      return undefined;
  }
}

function describeVariable(node: ScalarNode, { text, secret }: Text): string {
  return secret ? `what ${node.text} holds` : quote(text);
}

function mask(shown: unknown): unknown {
  if (Array.isArray(shown)) return shown.map(mask);
  return shown === undefined || shown === "" ? shown : REDACTED;
}

const QUERY = /(\/\/[^\s?#]*\?)([^\s#]+)/g;
const SECRET_PARAMETER = /([^=&]*(?:key|token|secret|password|signature)[^=&]*=)[^&]+/gi;

/** A URL that carries a password, or a parameter that is named like a secret, is shown without it. */
function withoutPassword(shown: unknown): unknown {
  if (typeof shown !== "string" || !shown.includes("//")) return shown;
  return shown.replace(/(\/\/[^/\s:@]*):[^/\s@]+@/g, `$1:${REDACTED}@`).replace(
    QUERY,
    (_, start: string, query: string) => start + query.replace(SECRET_PARAMETER, `$1${REDACTED}`),
  );
}
