import type * as acorn from "acorn";

/** The nodes directly below a node, in the order of the text. */
export function childrenOf(node: acorn.AnyNode): acorn.AnyNode[] {
  const children: acorn.AnyNode[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) children.push(value);
    else if (Array.isArray(value)) children.push(...value.filter(isNode));
  }
  return children;
}

/** Whether a value is a node of a syntax tree. */
export function isNode(value: unknown): value is acorn.AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" &&
    "start" in value;
}

/** The name by which an object's property is looked up, if that is known from the text. */
export function knownKey(
  { computed, key }: { readonly computed: boolean; readonly key: acorn.AnyNode },
): string | undefined {
  if (!computed && key.type === "Identifier") return key.name;
  if (key.type !== "Literal" || key.regex) return undefined;
  return String(key.value);
}
