import { generateFunction } from "./generated_function.ts";

/** A value that a path may lead to. */
export type PathValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PathValue[]
  | { [key: string]: PathValue | undefined };

/** The object in which a path begins; undefined counts as absent. */
export type PathFields = { [key: string]: PathValue | undefined };

/** Where a value stands among the fields of a record. None of the methods throws, whatever the fields hold. */
export interface FieldPath {
  /** The path as it was written. */
  readonly text: string;
  /** Names of the objects on the way and of the value itself. */
  readonly segments: readonly [string, ...string[]];
  /** Whether `fields[segments[0]]` is all there is to it, so that generated code may say just that. */
  readonly direct: boolean;
  get(fields: PathFields): PathValue | undefined;
  /**
   * Makes the objects on the way. Where something that is no object stands in the way, the value goes under the whole
   * text at the top: `get` finds it there, and nothing is lost.
   */
  set(fields: PathFields, value: PathValue): void;
  /** Answers what stood there. */
  remove(fields: PathFields): PathValue | undefined;
}

/**
 * Compiles `a`, `a.b.c`, `[a][b]` or `a[0]`. A field whose own name is the whole text is taken before the nested one.
 * Throws an Error that says what is wrong with the text.
 */
export function compileFieldPath(text: string): FieldPath {
  const segments = splitPath(text);
  const [first] = segments;
  if (segments.length > 1) return new NestedPath(text, segments);
  if (isInherited(first)) return new InheritedNamePath(text, segments);
  const key = JSON.stringify(first);
  // A function of its own for each name: in a shared one, all names would share one inline cache.
  return generateFunction<FieldPath>(
    `{
      text, segments, direct: true,
      get(fields) { return fields[${key}]; },
      set(fields, value) { fields[${key}] = value; },
      remove(fields) {
        const value = fields[${key}];
        if (value !== undefined) fields[${key}] = undefined;
        return value;
      },
    }`,
    { text, segments },
  );
}

/** Sets a field whose name comes from data: also `__proto__` and `constructor` are nothing but names. */
export function setField(fields: PathFields, key: string, value: PathValue | undefined): void {
  if (isInherited(key)) {
    Object.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true });
  } else fields[key] = value;
}

/** The value of a field whose name comes from data; never something inherited. */
export function getField(fields: PathFields, key: string): PathValue | undefined {
  return !isInherited(key) || Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** Whether every plain object has such a property, so that reading finds it and assigning does harm. */
export function isInherited(key: string): boolean {
  return key in Object.prototype;
}

function splitPath(text: string): [string, ...string[]] {
  const segments: string[] = [];
  let position = 0;
  while (position < text.length) {
    let segment: string;
    if (text[position] === "[") {
      const close = text.indexOf("]", position);
      if (close === -1) throw new Error(`"${text}" is no path of a field: "[" has no "]" after it`);
      segment = text.slice(position + 1, close);
      position = close + 1;
      if (text[position] === ".") position++;
    } else {
      const end = /[.[]/g;
      end.lastIndex = position;
      const next = end.exec(text)?.index ?? text.length;
      segment = text.slice(position, next);
      position = text[next] === "." ? next + 1 : next;
    }
    // Names that begin, end or go on with dots are no paths but names.
    if (segment === "" || (position === text.length && text.endsWith("."))) return [text];
    segments.push(segment);
  }
  const [first, ...rest] = segments;
  if (first === undefined) throw new Error("a path of a field must not be empty");
  return [first, ...rest];
}

/** A name such as `constructor`, which must be the record's own. */
class InheritedNamePath implements FieldPath {
  readonly direct = false;
  readonly #key: string;

  constructor(readonly text: string, readonly segments: readonly [string, ...string[]]) {
    this.#key = segments[0];
  }

  get(fields: PathFields): PathValue | undefined {
    return getField(fields, this.#key);
  }

  set(fields: PathFields, value: PathValue): void {
    setField(fields, this.#key, value);
  }

  remove(fields: PathFields): PathValue | undefined {
    const value = getField(fields, this.#key);
    if (value !== undefined) setField(fields, this.#key, undefined);
    return value;
  }
}

type Container = { [key: string]: PathValue | undefined } | PathValue[];

class NestedPath implements FieldPath {
  readonly direct = false;
  readonly #parents: readonly string[];
  readonly #last: string;

  constructor(readonly text: string, readonly segments: readonly [string, ...string[]]) {
    this.#parents = segments.slice(0, -1);
    this.#last = segments.at(-1) ?? text;
  }

  get(fields: PathFields): PathValue | undefined {
    // The text has a dot or a bracket in it: nothing of that name is inherited.
    const whole = fields[this.text];
    if (whole !== undefined) return whole;
    const parent = this.#parentIn(fields);
    return parent === undefined ? undefined : read(parent, this.#last);
  }

  set(fields: PathFields, value: PathValue): void {
    if (fields[this.text] !== undefined || !this.#setNested(fields, value)) fields[this.text] = value;
  }

  remove(fields: PathFields): PathValue | undefined {
    const whole = fields[this.text];
    if (whole !== undefined) {
      fields[this.text] = undefined;
      return whole;
    }
    const parent = this.#parentIn(fields);
    const value = parent === undefined ? undefined : read(parent, this.#last);
    if (parent === undefined || value === undefined) return undefined;
    if (Array.isArray(parent)) parent.splice(Number(this.#last), 1);
    else setField(parent, this.#last, undefined);
    return value;
  }

  #parentIn(fields: PathFields): Container | undefined {
    let container: Container = fields;
    for (let i = 0; i < this.#parents.length; i++) {
      const next = read(container, this.#parents[i] ?? "");
      if (next === null || typeof next !== "object") return undefined;
      container = next;
    }
    return container;
  }

  /** Answers false if something is in the way; then nothing has changed. */
  #setNested(fields: PathFields, value: PathValue): boolean {
    let container: Container = fields;
    for (let i = 0; i < this.#parents.length; i++) {
      const segment = this.#parents[i] ?? "";
      let next = read(container, segment);
      if (next === undefined || next === null) {
        next = { __proto__: null } as unknown as PathFields;
        if (!write(container, segment, next)) return false;
      } else if (typeof next !== "object") return false;
      container = next;
    }
    return write(container, this.#last, value);
  }
}

function read(container: Container, segment: string): PathValue | undefined {
  if (Array.isArray(container)) return isIndex(segment) ? container[Number(segment)] : undefined;
  return getField(container, segment);
}

/** Lists grow by one at most: an index from the configuration makes no list with holes. */
function write(container: Container, segment: string, value: PathValue): boolean {
  if (!Array.isArray(container)) setField(container, segment, value);
  else if (isIndex(segment) && Number(segment) <= container.length) container[Number(segment)] = value;
  else return false;
  return true;
}

function isIndex(segment: string): boolean {
  return /^(?:0|[1-9]\d{0,8})$/.test(segment);
}
