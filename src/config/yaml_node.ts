import type { Document, Scalar } from "yaml";
import type { Entry, MapNode, Node, Position } from "../lib/schema_node.ts";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "./yaml_library.ts";

/** A YAML text as validation takes it. `mistakes` that are `fatal` leave the tree unreliable. */
export interface YamlText {
  readonly node: Node;
  readonly mistakes: readonly { readonly at: Position; readonly message: string; readonly fatal: boolean }[];
}

/** Aliases of aliases can make a short text a huge tree; no honest configuration has more nodes than this. */
const MOST_NODES = 100_000;

/** Reads a YAML text. Never throws for what stands in it. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const mistakes = document.errors.map((error) => ({
    at: at(error.pos[0]),
    message: messageOf(error.code, error.message, lineAt(text, error.pos[0])),
    fatal: error.code !== "DUPLICATE_KEY",
  }));
  // What follows the first mistake in the syntax is mostly its echo.
  const broken = mistakes.find(({ fatal }) => fatal);
  if (broken !== undefined) return { node: nothing(at(0)), mistakes: [broken] };
  const reader = new Reader(document, at);
  const node = document.contents === null ? nothing(at(0)) : reader.read(document.contents, 0);
  return { node, mistakes: [...mistakes, ...reader.mistakes] };
}

function nothing(at: Position): MapNode {
  return { kind: "map", entries: [], at };
}

function lineAt(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(text.lastIndexOf("\n", offset - 1) + 1, end < 0 ? undefined : end);
}

function messageOf(code: string, message: string, line: string): string {
  if (code === "DUPLICATE_KEY") return "this key stands twice in its block; keep one of them";
  if (code === "TAB_AS_INDENT") return "is indented with a tab; YAML allows spaces only";
  if (code === "MULTIPLE_DOCS") return "begins a second YAML document; a configuration is one document";
  const hint = line.includes("${") ? "; inside [ ] and { } a ${VARIABLE} must be in quotes" : "";
  return `is no valid YAML: ${message}${hint}`;
}

function empty(at: Position): Node {
  return { kind: "scalar", value: null, text: "", at };
}

class Reader {
  readonly mistakes: { at: Position; message: string; fatal: boolean }[] = [];
  readonly #document: Document.Parsed;
  readonly #at: (offset: number) => Position;
  #nodes = 0;

  constructor(document: Document.Parsed, at: (offset: number) => Position) {
    this.#document = document;
    this.#at = at;
  }

  /** `offset`: where the node stands if it does not know itself, as an empty value does not. */
  read(node: unknown, offset: number): Node {
    const start = startOf(node) ?? offset;
    const at = this.#at(start);
    if (++this.#nodes > MOST_NODES) {
      if (this.#nodes === MOST_NODES + 1) {
        this.#refuse(at, `has more than ${MOST_NODES} values, aliases counted`);
      }
      return empty(at);
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) this.#refuse(at, `there is no anchor &${node.source} before this alias`);
      return target === undefined ? empty(at) : { ...this.read(target, start), at };
    }
    if (isSeq(node)) return { kind: "list", items: node.items.map((item) => this.read(item, start)), at };
    if (isMap(node)) return this.#map(node.items, start);
    return isScalar(node) ? this.#scalar(node, at) : empty(at);
  }

  #scalar(node: Scalar, at: Position): Node {
    const { value } = node;
    const text = node.source ?? (value === null ? "" : String(value));
    if (
      value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ) {
      return { kind: "scalar", value, text, at };
    }
    return { kind: "scalar", value: text, text, at };
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], offset: number): MapNode {
    const entries: Entry[] = [];
    const merged: Entry[] = [];
    for (const { key, value } of pairs) {
      const start = startOf(key) ?? offset;
      const at = this.#at(start);
      if (!isScalar(key) || key.value === null) {
        this.#refuse(at, "is no key; keys are plain words");
      } else if (key.value === "<<") {
        merged.push(...this.#merge(this.read(value, start), at));
      } else {
        // An empty value has no position of its own that would help.
        entries.push({ key: key.source ?? String(key.value), at, value: this.read(value, start) });
      }
    }
    const own = new Set(entries.map(({ key }) => key));
    for (const entry of merged) {
      if (!own.has(entry.key)) entries.push(entry);
      own.add(entry.key);
    }
    return { kind: "map", entries, at: this.#at(offset) };
  }

  /** What `<<` takes over: a block, or a list of blocks of which the first that has a key wins. */
  #merge(node: Node, at: Position): readonly Entry[] {
    if (node.kind === "map") return node.entries;
    if (node.kind === "list") return node.items.flatMap((item) => this.#merge(item, at));
    this.#refuse(at, "takes a block of keys, or a list of them");
    return [];
  }

  #refuse(at: Position, message: string): void {
    this.mistakes.push({ at, message, fatal: true });
  }
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
