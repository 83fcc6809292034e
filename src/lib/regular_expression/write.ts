import type { Alternatives, BackReferenceNode, GroupNode, Node, RepeatNode, Sequence } from "./node.ts";

/** A pattern as JavaScript writes it. */
export interface WrittenPattern {
  readonly source: string;
  readonly flags: string;
  /** The name of each group by its number; 0 is the whole match and has none. */
  readonly names: readonly (string | undefined)[];
  /** Whether V8's linear engine cannot take over. */
  readonly backtrackingOnly: boolean;
}

/** What the linear engine would have to copy at most, by V8's own reckoning. */
const MOST_COPIES = 16;
const OPENINGS: Readonly<Record<Exclude<GroupNode["type"], "capture" | "atomic">, string>> = {
  plain: "(?:",
  ahead: "(?=",
  not_ahead: "(?!",
  behind: "(?<=",
  not_behind: "(?<!",
};

/** How to write a pattern. */
export interface WriteOptions {
  /** Let groups without a name capture nothing. */
  readonly namedOnly?: boolean;
  /** Write it for texts without line breaks, where `^` and `$` that match at them are found much faster. */
  readonly singleLine?: boolean;
}

/**
 * Writes a pattern for RegExp. Names are left out, since V8 makes an object of them for every match, and so are groups
 * that capture without a name if `namedOnly` is set and nothing refers to them.
 */
export function writePattern(alternatives: Alternatives, options: WriteOptions = {}): WrittenPattern {
  return new PatternWriter(options).write(alternatives);
}

class PatternWriter {
  readonly #namedOnly: boolean;
  readonly #singleLine: boolean;
  readonly #names: (string | undefined)[] = [undefined];
  /** The number of a group; of one that is written several times, the last one. */
  readonly #numbers = new Map<GroupNode, number>();
  readonly #referred = new Set<GroupNode>();
  #unicode = false;
  #backtrackingOnly = false;
  /** How often the linear engine would copy what is being written. */
  #copies = 1;

  constructor({ namedOnly = false, singleLine = false }: WriteOptions) {
    this.#namedOnly = namedOnly;
    this.#singleLine = singleLine;
  }

  write(alternatives: Alternatives): WrittenPattern {
    collectReferred(alternatives, this.#referred);
    const source = this.#alternatives(alternatives);
    return {
      source,
      flags: this.#unicode ? "u" : "",
      names: this.#names,
      // The flag u is beyond the linear engine.
      backtrackingOnly: this.#backtrackingOnly || this.#unicode,
    };
  }

  #alternatives(alternatives: Alternatives): string {
    return alternatives.map((sequence) => this.#sequence(sequence)).join("|");
  }

  #sequence(sequence: Sequence): string {
    let source = "";
    for (const node of sequence) source += this.#node(node);
    return source;
  }

  #node(node: Node): string {
    switch (node.kind) {
      case "atom":
        if (node.unicode) this.#unicode = true;
        if (node.source.startsWith("(?=")) this.#backtrackingOnly = true;
        return this.#singleLine && node.source.startsWith("(?m:") ? node.source.slice(4, -1) : node.source;
      case "group":
        return this.#group(node);
      case "repeat":
        return this.#repeat(node);
      case "back_reference":
        return this.#backReference(node);
    }
  }

  #group(node: GroupNode): string {
    const { type, body } = node;
    if (type === "capture") {
      if (node.name === undefined && this.#namedOnly && !this.#referred.has(node)) {
        return `(?:${this.#alternatives(body)})`;
      }
      this.#numbers.set(node, this.#names.length);
      this.#names.push(node.name);
      return `(${this.#alternatives(body)})`;
    }
    if (type === "atomic") {
      return body.length === 1 && hasOneWay(body[0] ?? [])
        ? `(?:${this.#alternatives(body)})`
        : this.#atomic(() => this.#alternatives(body));
    }
    if (type === "ahead" || type === "not_ahead") this.#backtrackingOnly = true;
    const names = this.#names.length;
    const source = `${OPENINGS[type]}${this.#alternatives(body)})`;
    // Groups that capture behind the place are beyond the linear engine.
    if ((type === "behind" || type === "not_behind") && this.#names.length > names) {
      this.#backtrackingOnly = true;
    }
    return source;
  }

  /** What is in a look-ahead is never entered again; the back-reference then takes what it saw. */
  #atomic(writeBody: () => string): string {
    this.#backtrackingOnly = true;
    const number = this.#names.length;
    this.#names.push(undefined);
    return `(?:(?=(${writeBody()}))\\${number})`;
  }

  #repeat(node: RepeatNode): string {
    if (node.mode === "possessive") {
      if (node.body.kind === "atom" && node.min === node.max) {
        return this.#repeat({ ...node, mode: "greedy" });
      }
      return this.#atomic(() => this.#repeat({ ...node, mode: "greedy" }));
    }
    const before = this.#copies;
    this.#copies *= node.max === Infinity ? node.min + 1 : node.max;
    if (this.#copies > MOST_COPIES) this.#backtrackingOnly = true;
    const body = this.#node(node.body);
    this.#copies = before;
    // JavaScript repeats neither a place nor, without the flag u, a character of two code units.
    const closed = node.body.kind === "group" && !isLookAround(node.body) ||
      node.body.kind === "atom" && !node.body.zeroWidth && isOne(body);
    return `${closed ? body : `(?:${body})`}${writeCount(node)}${node.mode === "lazy" ? "?" : ""}`;
  }

  #backReference(node: BackReferenceNode): string {
    this.#backtrackingOnly = true;
    // Of groups with one name at most one has captured, and the others match nothing.
    const source = node.groups.map((group) => {
      const number = this.#numbers.get(group);
      return number === undefined ? "" : `\\${number}`;
    }).join("");
    return node.ignoreCase ? `(?i:${source})` : `(?:${source})`;
  }
}

function isLookAround({ type }: GroupNode): boolean {
  return type !== "plain" && type !== "capture" && type !== "atomic";
}

/** Whether a written atom is one thing to a quantifier. */
function isOne(source: string): boolean {
  return source.startsWith("[") || source.startsWith("(?:") || source.startsWith("\\") ||
    source.length === 1 ||
    (source.codePointAt(0) ?? 0) > 0xffff;
}

function writeCount({ min, max }: RepeatNode): string {
  if (max === Infinity) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === 0 && max === 1) return "?";
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

/** Whether there is only one way to match, so that nothing could be tried again: no choice, nothing optional. */
function hasOneWay(sequence: Sequence): boolean {
  return sequence.every((node) => {
    if (node.kind === "atom") return true;
    if (node.kind === "repeat") return node.min === node.max && hasOneWay([node.body]);
    return node.kind === "group" && node.body.length === 1 && hasOneWay(node.body[0] ?? []);
  });
}

function collectReferred(alternatives: Alternatives, referred: Set<GroupNode>): void {
  const visit = (node: Node): void => {
    if (node.kind === "group") collectReferred(node.body, referred);
    else if (node.kind === "repeat") visit(node.body);
    else if (node.kind === "back_reference") { for (const group of node.groups) referred.add(group); }
  };
  for (const sequence of alternatives) sequence.forEach(visit);
}
