/** Where something is written; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What validation works on: a document of whatever format, with positions. */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written: `007` where `value` is 7. */
  readonly text: string;
  readonly at: Position;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly Node[];
  readonly at: Position;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: readonly Entry[];
  readonly at: Position;
}

/** A key and its value. */
export interface Entry {
  readonly key: string;
  /** Where the key is. */
  readonly at: Position;
  readonly value: Node;
  /** The path to show, where it is not that of the map followed by the key. */
  readonly path?: string;
}

export const START: Position = { line: 1, column: 1 };

/** The node of a plain value; all of it stands at `at`. Throws TypeError for what JSON does not know. */
export function nodeOf(value: unknown, at: Position = START): Node {
  if (
    value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"
  ) {
    return { kind: "scalar", value, text: value === null ? "" : String(value), at };
  }
  if (Array.isArray(value)) return { kind: "list", items: value.map((item) => nodeOf(item, at)), at };
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return { kind: "map", entries: entries.map(([key, item]) => ({ key, at, value: nodeOf(item, at) })), at };
  }
  throw new TypeError(
    `Cannot take a value of type ${typeof value} into a configuration; JSON values are allowed`,
  );
}

/** The path of `key` in the object at `path`: `add["a.b"]` where the key is no plain word. */
export function pathOf(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Whether nothing is written: an empty YAML value counts as left out. */
export function isEmpty(node: Node): boolean {
  return node.kind === "scalar" && node.value === null;
}
