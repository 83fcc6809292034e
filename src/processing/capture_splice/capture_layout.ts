import type { Alternatives, GroupNode, Node, Sequence } from "../../lib/regular_expression/node.ts";
import { writePattern, type WrittenPattern } from "../../lib/regular_expression/write.ts";

/** A pattern that tells where its named groups match. */
export interface CaptureLayout {
  readonly written: WrittenPattern;
  /** The groups that the user named. */
  readonly groups: readonly PlacedGroup[];
  /**
   * JavaScript statements that declare where groups begin, in a scope with the match `match` and its place `start`. What
   * they say of a group that did not match means nothing.
   */
  readonly declarations: readonly string[];
}

/** A named group, by its number in the pattern. */
export interface PlacedGroup {
  readonly name: string;
  readonly number: number;
  /** JavaScript expression for where it begins, in the scope of the declarations. */
  readonly place: string;
}

/** How a pattern is written; see `writePattern`. */
export interface LayoutOptions {
  readonly singleLine?: boolean;
}

/** Where something begins, as an expression: a name and a number. */
interface Place {
  readonly base: string;
  readonly offset: number;
}

/** No name of the user's begins like this. */
const OWN = "\0";

/**
 * Lays out a pattern so that the places of its groups follow from lengths: what may have several lengths between them
 * becomes a group as well. That costs much less than asking V8 for indices. Holds for text in ASCII, where whatever
 * matches a character takes one code unit. Undefined where groups lie in what repeats or in look-arounds.
 */
export function layOutCaptures(
  pattern: Alternatives,
  { singleLine = false }: LayoutOptions = {},
): CaptureLayout | undefined {
  // References name groups by identity, which new groups would break.
  if (pattern.some((sequence) => sequence.some(hasReference))) return undefined;
  const layout = new Layout();
  const body = layout.alternatives(pattern, { base: "start", offset: 0 });
  if (body === undefined) return undefined;
  const written = writePattern(body, { namedOnly: true, singleLine });
  return { written, ...layout.resolve(written.names) };
}

class Layout {
  #keys = 0;
  readonly #groups: { readonly name: string; readonly key: string; readonly place: string }[] = [];
  readonly #declarations: { readonly name: string; readonly place: string; readonly key: string }[] = [];

  /** The alternatives with what is needed to tell the places; undefined if it cannot be told. */
  alternatives(alternatives: Alternatives, start: Place): Alternatives | undefined {
    const laidOut: Sequence[] = [];
    for (const sequence of alternatives) {
      const written = this.#sequence(sequence, start);
      if (written === undefined) return undefined;
      laidOut.push(written);
    }
    return laidOut;
  }

  /** Puts in the numbers that groups have in the written pattern. */
  resolve(names: readonly (string | undefined)[]): Pick<CaptureLayout, "groups" | "declarations"> {
    return {
      groups: this.#groups.map(({ name, key, place }) => ({ name, number: names.indexOf(key), place })),
      declarations: this.#declarations.map(({ name, place, key }) => {
        const text = `match[${names.indexOf(key)}]`;
        return `const ${name} = ${place} + (${text} === undefined ? 0 : ${text}.length);`;
      }),
    };
  }

  #sequence(whole: Sequence, start: Place): Sequence | undefined {
    const sequence = whole.flatMap(flat);
    const written: Node[] = [];
    let place = start;
    // Where it ends does not matter, so what is behind the last group stays as it is.
    const end = sequence.findLastIndex(hasCapture) + 1;
    for (let index = 0; index < end; index++) {
      const node = sequence[index];
      if (node === undefined) continue;
      const length = lengthOf(node);
      if (length !== undefined && !hasCapture(node)) {
        written.push(node);
        place = { base: place.base, offset: place.offset + length };
        continue;
      }
      const last = hasCapture(node) ? index : lastOfGap(sequence, index);
      const key = `${OWN}${this.#keys++}`;
      const group = last > index
        ? capture(node, [sequence.slice(index, last + 1)], key)
        : this.#capturing(node, place, key);
      if (group === undefined) return undefined;
      written.push(group);
      place = this.#behind(key, place);
      index = last;
    }
    return [...written, ...sequence.slice(end)];
  }

  /** The place behind a group. */
  #behind(key: string, start: Place): Place {
    const name = `place${this.#declarations.length}`;
    this.#declarations.push({ name, place: expressionOf(start), key });
    return { base: name, offset: 0 };
  }

  /** The node as a group with the name `key`, which matches when the node does. */
  #capturing(node: Node, start: Place, key: string): Node | undefined {
    if (!hasCapture(node)) return capture(node, [[node]], key);
    if (node.kind === "repeat") {
      // What is optional may hold groups: it matches once or has no length.
      if (node.min !== 0 || node.max !== 1 || node.mode === "possessive") return undefined;
      const body = this.#capturing(node.body, start, key);
      return body && { ...node, body };
    }
    if (node.kind !== "group" || (node.type !== "plain" && node.type !== "capture")) return undefined;
    if (node.name !== undefined) this.#groups.push({ name: node.name, key, place: expressionOf(start) });
    const body = this.alternatives(node.body, start);
    return body && capture(node, body, key);
  }
}

/** What stands in a group that only holds a sequence with named groups. */
function flat(node: Node): Sequence {
  if (node.kind !== "group" || (node.type !== "plain" && node.type !== "capture")) return [node];
  const [only, ...others] = node.body;
  if (only === undefined || others.length > 0 || node.name !== undefined || !hasCapture(node)) return [node];
  return only.flatMap(flat);
}

/** The last node with several lengths among those from `index` on that hold no group. */
function lastOfGap(sequence: Sequence, index: number): number {
  let last = index;
  for (let at = index; at < sequence.length && !hasCapture(sequence[at]); at++) {
    const node = sequence[at];
    if (node !== undefined && lengthOf(node) === undefined) last = at;
  }
  return last;
}

function capture({ start, end }: Node, body: Alternatives, name: string): GroupNode {
  return { kind: "group", type: "capture", name, body, bodySource: undefined, start, end };
}

function expressionOf({ base, offset }: Place): string {
  return offset === 0 ? base : `${base} + ${offset}`;
}

function hasCapture(node: Node | undefined): boolean {
  return node !== undefined && some(node, (part) => part.kind === "group" && part.name !== undefined);
}

function hasReference(node: Node): boolean {
  return some(node, (part) => part.kind === "back_reference");
}

function some(node: Node, test: (node: Node) => boolean): boolean {
  if (test(node)) return true;
  if (node.kind === "repeat") return some(node.body, test);
  return node.kind === "group" && node.body.some((sequence) => sequence.some((part) => some(part, test)));
}

/** How many characters a node always takes; undefined if that may differ. */
function lengthOf(node: Node): number | undefined {
  switch (node.kind) {
    case "atom":
      return node.zeroWidth ? 0 : 1;
    case "back_reference":
      return undefined;
    case "repeat": {
      const length = lengthOf(node.body);
      if (length === 0) return 0;
      return length !== undefined && node.min === node.max ? length * node.min : undefined;
    }
    case "group": {
      if (node.type !== "plain" && node.type !== "capture" && node.type !== "atomic") return 0;
      const lengths = node.body.map(lengthOfSequence);
      const [first] = lengths;
      return lengths.every((length) => length === first) ? first : undefined;
    }
  }
}

function lengthOfSequence(sequence: Sequence): number | undefined {
  let sum = 0;
  for (const node of sequence) {
    const length = lengthOf(node);
    if (length === undefined) return undefined;
    sum += length;
  }
  return sum;
}
