import type * as acorn from "acorn";
import type { Code } from "./code.ts";
import { knownKey } from "./tree.ts";

type Above = readonly acorn.AnyNode[];

/**
 * Finds the look-ups of a script that may answer a regular expression's constructor, and with it the prototype that is
 * not frozen, and puts a call of `screen` around each: names in [] that are not known beforehand, and `constructor`.
 */
export class Screening {
  readonly #opens = new Map<number, number>();
  readonly #closes = new Map<number, number>();
  readonly #identifiers = new Set<string>();

  look(node: acorn.AnyNode, above: Above, fail: (node: acorn.AnyNode, message: string) => void): void {
    if (node.type === "Identifier") this.#identifiers.add(node.name);
    if (node.type !== "MemberExpression") return;
    const name = knownKey({ computed: node.computed, key: node.property });
    if (name !== undefined && name !== "constructor") return;
    const screened = screenedBy(node, above);
    if (screened === undefined) return;
    if (screened === node && isCutShort(node) && isLink(node, above)) {
      const text = name === undefined ? "a name in []" : "constructor";
      fail(
        node,
        `${text} cannot be followed by more within a chain of ?.; put the part before into brackets: (a?.[b])?.c`,
      );
    }
    add(this.#opens, screened.start);
    add(this.#closes, screened.end);
  }

  /** The text of the function with the calls in it, and the name that they use. */
  apply({ text, function: { start, end } }: Code): { text: string; screenName: string } {
    let screenName = "screen";
    while (this.#identifiers.has(screenName)) screenName += "_";
    let result = "";
    let from = start;
    for (
      const position of [...new Set([...this.#opens.keys(), ...this.#closes.keys()])].sort((a, b) => a - b)
    ) {
      result += text.slice(from, position) + ")".repeat(this.#closes.get(position) ?? 0);
      // The space keeps a keyword before it apart: return[a][b].
      result += ` ${screenName}(`.repeat(this.#opens.get(position) ?? 0);
      from = position;
    }
    return { text: result + text.slice(from, end), screenName };
  }
}

/** The expression whose value is to be screened; undefined where the value goes nowhere. */
function screenedBy(node: acorn.MemberExpression, above: Above): acorn.AnyNode | undefined {
  let value: acorn.AnyNode = node;
  let depth = above.length - 1;
  let parent = above[depth];
  if (parent?.type === "ChainExpression") {
    value = parent;
    parent = above[--depth];
  }
  switch (parent?.type) {
    case "CallExpression":
    case "NewExpression":
      // Calling the constructor makes a pattern, whatever the name.
      return parent.callee === value ? undefined : value;
    case "TaggedTemplateExpression":
      return parent.tag === value ? undefined : value;
    case "UpdateExpression":
    case "ArrayPattern":
    case "RestElement":
      return undefined;
    case "UnaryExpression":
      return parent.operator === "delete" ? undefined : value;
    case "AssignmentPattern":
    case "ForInStatement":
    case "ForOfStatement":
      return parent.left === value ? undefined : value;
    case "Property":
      return above[depth - 1]?.type === "ObjectPattern" && parent.value === value ? undefined : value;
    case "AssignmentExpression":
      if (parent.left !== value) return value;
      // The others assign what they calculate.
      return ["||=", "&&=", "??="].includes(parent.operator) ? parent : undefined;
    case "MemberExpression":
      return parent.object === value && isInNewCallee(value, above, depth) ? undefined : value;
  }
  return value;
}

/** Whether the value is the beginning of what `new` calls, as in new a[b].c(): a call there would be the one of new. */
function isInNewCallee(value: acorn.AnyNode, above: Above, depth: number): boolean {
  let inner = value;
  for (let index = depth; index >= 0; index--) {
    const outer = above[index];
    if (outer?.type === "NewExpression") return outer.callee === inner;
    if (outer?.type !== "MemberExpression" || outer.object !== inner) return false;
    inner = outer;
  }
  return false;
}

/** Whether a chain goes on behind the node. */
function isLink(node: acorn.AnyNode, above: Above): boolean {
  const outer = above.at(-1);
  return (outer?.type === "MemberExpression" && outer.object === node) ||
    (outer?.type === "CallExpression" && outer.callee === node);
}

/** Whether a ?. stands in the chain up to here, so that a call around this part would end what it cuts short. */
function isCutShort(node: acorn.AnyNode): boolean {
  let link = node;
  while (link.type === "MemberExpression" || link.type === "CallExpression") {
    if (link.optional) return true;
    link = link.type === "MemberExpression" ? link.object : link.callee;
  }
  return false;
}

function add(counts: Map<number, number>, position: number): void {
  counts.set(position, (counts.get(position) ?? 0) + 1);
}
