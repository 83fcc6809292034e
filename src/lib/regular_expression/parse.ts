import { readClass } from "./character_class.ts";
import { foldCase, rangesSet, writeSet } from "./character_set.ts";
import { Cursor, type Flags } from "./cursor.ts";
import { readEscape } from "./escape.ts";
import { readGroupOpening } from "./group.ts";
import { readQuantifier } from "./quantifier.ts";
import type { Alternatives, AtomNode, BackReferenceNode, Dialect, GroupNode, Node } from "./node.ts";

/** How to read a pattern. */
export interface ParseOptions {
  readonly dialect?: Dialect;
  /**
   * What `%{…}` stands for, by what is between the braces, and with the flags that are set there; without it, that is
   * text like any other.
   */
  readonly placeholder?: (text: string, flags: Flags) => Definition;
  /** Flags that are set from the beginning. */
  readonly flags?: Flags;
}

/** What takes the place of a placeholder. */
export interface Definition {
  /** The name under which it captures; none: it does not. */
  readonly name: string | undefined;
  readonly source: string;
  readonly body: Alternatives;
}

/** No flag is set. */
const NO_FLAGS: Flags = { ignoreCase: false, multiline: false, dotAll: false, extended: false };
const DEEPEST = 200;

const BLANK_OR_COMMENT = /(?:\s|#[^\n]*)+/y;
const PLACEHOLDER = /%\{([^{}]*)\}/y;
const NAMED_REFERENCE = /\\k(?:<([^<>]+)>|'([^']+)'|\{([^{}]+)\})/y;

/** Reads a pattern. Throws PatternError for what is wrong, UnsupportedSyntaxError for what is not translated. */
export function parsePattern(source: string, options: ParseOptions = {}): Alternatives {
  return new PatternParser(source, options).parse();
}

class PatternParser {
  readonly #cursor: Cursor;
  readonly #placeholder: ParseOptions["placeholder"];
  readonly #captures: GroupNode[] = [];
  readonly #references: BackReferenceNode[] = [];
  #flags: Flags;
  #depth = 0;

  constructor(source: string, { dialect = "general", placeholder, flags = NO_FLAGS }: ParseOptions) {
    this.#cursor = new Cursor(source, dialect);
    this.#placeholder = placeholder;
    this.#flags = flags;
  }

  parse(): Alternatives {
    const alternatives = this.#alternatives();
    if (!this.#cursor.done) throw this.#cursor.error("the parenthesis {at} closes no group");
    for (const reference of this.#references) this.#resolve(reference);
    return alternatives;
  }

  /** What stands between here and the end of the group. */
  #alternatives(): Alternatives {
    const alternatives: Node[][] = [[]];
    let sequence = alternatives[0] ?? [];
    while (!this.#cursor.done && this.#cursor.peek() !== ")") {
      if (this.#flags.extended && this.#cursor.match(BLANK_OR_COMMENT) !== undefined) continue;
      if (this.#cursor.skip("|")) {
        sequence = [];
        alternatives.push(sequence);
        continue;
      }
      if (this.#quote(sequence)) continue;
      const element = this.#element();
      if (element !== undefined) sequence.push(this.#repeated(element));
    }
    return alternatives;
  }

  /** Reads `\Q…\E`; false if it does not stand here. */
  #quote(sequence: Node[]): boolean {
    const cursor = this.#cursor;
    if (cursor.skip("\\E")) return true;
    if (!cursor.skip("\\Q")) return false;
    const close = cursor.source.indexOf("\\E", cursor.at);
    const end = close === -1 ? cursor.source.length : close;
    while (cursor.at < end) sequence.push(this.#character(cursor.at, cursor.take()));
    cursor.skip("\\E");
    // A quantifier behind the quotation belongs to its last character.
    const last = sequence.pop();
    if (last !== undefined) sequence.push(this.#repeated(last));
    return true;
  }

  #element(): Node | undefined {
    const cursor = this.#cursor;
    const start = cursor.at;
    const char = cursor.peek();
    switch (char) {
      case "(":
        return this.#group();
      case "[": {
        const { source, unicode } = readClass(cursor, this.#flags.ignoreCase);
        return this.#atom(start, source, { unicode });
      }
      case "\\":
        return this.#escape();
      case ".":
        cursor.at++;
        return this.#atom(start, this.#flags.dotAll ? "[\\s\\S]" : "[^\\n]");
      case "^":
      case "$":
        cursor.at++;
        return this.#atom(start, this.#anchor(char), { zeroWidth: true });
      case "*":
      case "+":
      case "?":
        throw cursor.error(`there is nothing for the ${char} to repeat`);
      case "%": {
        const found = this.#placeholder === undefined ? undefined : cursor.match(PLACEHOLDER);
        if (found !== undefined) return this.#defined(start, found[1] ?? "");
      }
    }
    return this.#character(start, cursor.take());
  }

  #defined(start: number, text: string): Node | undefined {
    const definition = this.#placeholder?.(text, this.#flags);
    if (definition === undefined) return undefined;
    const { name, source, body } = definition;
    const type = name === undefined ? "plain" : "capture";
    return { kind: "group", type, name, body, bodySource: source, start, end: this.#cursor.at };
  }

  #atom(start: number, source: string, { unicode = false, zeroWidth = false } = {}): AtomNode {
    return { kind: "atom", source, unicode, zeroWidth, start, end: this.#cursor.at };
  }

  /** A character that means itself, which the cursor has passed. */
  #character(start: number, char: string): AtomNode {
    const code = char.codePointAt(0) ?? 0;
    const own = rangesSet([[code, code]]);
    const set = this.#flags.ignoreCase ? rangesSet(foldCase(own.ranges)) : own;
    return this.#atom(start, writeSet([set], false), { unicode: set.unicode });
  }

  #anchor(char: string): string {
    const atLines = this.#cursor.dialect === "oniguruma" || this.#flags.multiline;
    return atLines ? `(?m:${char})` : char;
  }

  #escape(): Node {
    const cursor = this.#cursor;
    const start = cursor.at;
    const set = readEscape(cursor, false);
    if (set !== undefined) {
      const folded = this.#flags.ignoreCase ? { ...set, ranges: foldCase(set.ranges) } : set;
      return this.#atom(start, writeSet([folded], false), { unicode: set.unicode });
    }
    const letter = cursor.source[start + 1] ?? "";
    if (letter === "k") {
      const found = cursor.match(NAMED_REFERENCE);
      if (found === undefined) throw cursor.error("\\k needs the name of a group: \\k<name>");
      return this.#reference(start, found[1] ?? found[2] ?? found[3] ?? "");
    }
    if (letter >= "1" && letter <= "9") {
      const digits = cursor.source.slice(start + 1, start + 3);
      cursor.at += /^\d\d/.test(digits) && Number(digits) <= this.#captures.length ? 3 : 2;
      return this.#reference(start, Number(cursor.source.slice(start + 1, cursor.at)));
    }
    cursor.at += 2;
    switch (letter) {
      case "b":
      case "B":
        return this.#atom(start, `\\${letter}`, { zeroWidth: true });
      case "A":
        return this.#atom(start, "^", { zeroWidth: true });
      case "z":
        return this.#atom(start, "$", { zeroWidth: true });
      case "Z":
        return this.#atom(start, "(?=\\n?$)", { zeroWidth: true });
      case "R":
        return this.#atom(start, "(?:\\r\\n|[\\n-\\r\\x85\\u2028\\u2029])");
      case "N":
        return this.#atom(start, "[^\\n]");
      case "C":
        throw cursor.error(
          "\\C {at} would match half a character and is not allowed; a dot matches a whole one",
          start,
        );
      case "g":
      case "K":
      case "X":
      case "G":
        if (cursor.dialect === "oniguruma") throw cursor.unsupported(`\\${letter}`, start);
    }
    throw cursor.error(
      `\\${letter} {at} has no meaning; a letter stands for itself without backslash`,
      start,
    );
  }

  #reference(start: number, target: number | string): BackReferenceNode {
    const { ignoreCase } = this.#flags;
    const node: BackReferenceNode = {
      kind: "back_reference",
      target,
      ignoreCase,
      groups: [],
      start,
      end: this.#cursor.at,
    };
    this.#references.push(node);
    return node;
  }

  #resolve(reference: BackReferenceNode): void {
    const { target } = reference;
    const groups = typeof target === "number"
      ? this.#captures.slice(target - 1, target)
      : this.#captures.filter(({ name }) => name === target);
    if (groups.length === 0) {
      throw this.#cursor.error(
        `the reference {at} is to a group ${target}, but the groups that capture are ${this.#captures.length}`,
        reference.start,
      );
    }
    reference.groups.push(...groups);
  }

  #group(): Node | undefined {
    const cursor = this.#cursor;
    const start = cursor.at;
    const opening = readGroupOpening(cursor, this.#flags);
    if (opening.kind === "comment") return undefined;
    if (opening.kind === "reference") return this.#reference(start, opening.name);
    if (opening.kind === "flags") {
      this.#flags = opening.flags;
      return undefined;
    }
    if (++this.#depth > DEEPEST) throw cursor.error(`groups are nested more than ${DEEPEST} deep`, start);
    // Groups are counted by their opening parenthesis, before their body is known.
    const body: Node[][] = [];
    const { type, name } = opening;
    const group = { kind: "group" as const, type, name, body, bodySource: undefined, start, end: 0 };
    if (opening.type === "capture") this.#captures.push(group);
    const outer = this.#flags;
    this.#flags = opening.flags;
    for (const sequence of this.#alternatives()) body.push([...sequence]);
    this.#flags = outer;
    this.#depth--;
    if (!cursor.skip(")")) throw cursor.error("the group that begins {at} is not closed", start);
    group.end = cursor.at;
    return group;
  }

  /** The element with the quantifiers that follow it. */
  #repeated(element: Node): Node {
    const cursor = this.#cursor;
    let repeated = element;
    for (let nested = false;; nested = true) {
      if (this.#flags.extended) cursor.match(BLANK_OR_COMMENT);
      const start = cursor.at;
      const quantifier = readQuantifier(cursor);
      if (quantifier === undefined) return repeated;
      // Oniguruma takes `a{2}{3}` for six; Go refuses it, and so do we, since it is rarely meant.
      if (nested && cursor.dialect !== "oniguruma") {
        throw cursor.error("there are two quantifiers in a row", start);
      }
      if (element.kind === "atom" && element.zeroWidth && cursor.dialect !== "oniguruma") {
        throw cursor.error("what matches no character cannot be repeated", start);
      }
      repeated = { kind: "repeat", body: repeated, ...quantifier, start: element.start, end: cursor.at };
    }
  }
}
