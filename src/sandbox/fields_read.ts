import type * as acorn from "acorn";
import { childrenOf, knownKey } from "./tree.ts";

/**
 * The names of the fields that an expression reads; undefined where it looks at the fields or the event as a whole.
 * `free`: the names in it that no declaration explains.
 */
export function fieldsRead(
  expression: acorn.AnyNode,
  free: ReadonlySet<acorn.AnyNode>,
): readonly string[] | undefined {
  const names = new Set<string>();
  const isFree = (node: acorn.AnyNode, name: string) =>
    node.type === "Identifier" && node.name === name && free.has(node);
  /** Whether a node looks at no more than fields. */
  const visit = (node: acorn.AnyNode): boolean => {
    if (node.type === "MemberExpression" && isFree(node.object, "fields")) {
      const name = knownKey({ computed: node.computed, key: node.property });
      if (name !== undefined) names.add(name);
      return name !== undefined;
    }
    return !isFree(node, "fields") && !isFree(node, "event") && childrenOf(node).every(visit);
  };
  return visit(expression) ? [...names] : undefined;
}
