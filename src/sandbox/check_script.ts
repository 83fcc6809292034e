import type * as acorn from "acorn";
import { type Code, codeError } from "./code.ts";
import { leavesPlainData } from "./plain_script.ts";
import { freeNamesOf } from "./scope.ts";
import { Screening } from "./screening.ts";
import { childrenOf, knownKey } from "./tree.ts";
import { EVENT_NAMES, SCRIPT_GLOBALS, unknownName } from "./vocabulary.ts";

/** A script that may run in a hardened realm. */
export interface CheckedScript {
  /** An expression: the function of the event. */
  readonly text: string;
  /** Name under which the text expects `screen`. */
  readonly screenName: string;
  /** What it leaves in the fields is JSON for sure. */
  readonly leavesPlainData: boolean;
}

/**
 * Checks that a script names nothing but the event and what is harmless, and cannot go on after it has returned. Throws
 * KeyError with line and column.
 */
export function checkScript(code: Code): CheckedScript {
  const check = new Check(code);
  const free = check.names();
  for (const child of childrenOf(code.function.body)) check.visit(child, [code.function.body]);
  return {
    ...check.screening.apply(code),
    leavesPlainData: leavesPlainData(code.function, (name) => !free.has(name)),
  };
}

class Check {
  readonly screening = new Screening();
  readonly #code: Code;
  readonly #events = new Set<acorn.AnyNode>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** Answers the free names. */
  names(): Set<acorn.AnyNode> {
    const free = new Set<acorn.AnyNode>();
    for (const { node, isWritten } of freeNamesOf(this.#code.function)) {
      if (node.name !== "event" && !SCRIPT_GLOBALS.has(node.name)) {
        this.#fail(node, unknownName(node.name, "scripts", ["event", ...SCRIPT_GLOBALS]));
      }
      if (isWritten) {
        this.#fail(
          node,
          `${node.name} cannot be assigned; change event.fields, or declare a variable with let`,
        );
      }
      free.add(node);
      if (node.name === "event") this.#events.add(node);
    }
    return free;
  }

  /** `above`: the nodes that hold this one, the nearest last. */
  visit(node: acorn.AnyNode, above: readonly acorn.AnyNode[]): void {
    this.#look(node, above);
    this.screening.look(node, above, (at, message) => this.#fail(at, message));
    const path = [...above, node];
    for (const child of childrenOf(node)) this.visit(child, path);
  }

  #look(node: acorn.AnyNode, above: readonly acorn.AnyNode[]): void {
    switch (node.type) {
      case "ImportExpression":
        return this.#fail(node, "import is not available in scripts; they reach nothing outside");
      case "MetaProperty":
        if (node.meta.name !== "new") this.#fail(node, "import.meta is not available in scripts");
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        if (node.async) {
          this.#fail(
            node,
            "async functions are not available in scripts; nothing runs after they have returned",
          );
        }
        return;
      case "AwaitExpression":
        return this.#fail(node, "await is not available in scripts; nothing runs after they have returned");
      case "ForOfStatement":
        if (node.await) this.#fail(node, "for await is not available in scripts");
        return;
      case "WithStatement":
      case "DebuggerStatement":
        return this.#fail(
          node,
          `${node.type === "WithStatement" ? "with" : "debugger"} is not available in scripts`,
        );
      case "PrivateIdentifier":
        return this.#fail(node, "private names are not available in scripts; write a name without #");
      case "Property":
      case "MethodDefinition":
        if (node.kind === "get" || node.kind === "set") {
          this.#fail(node, "getters and setters are not available in scripts; write a method");
        }
        return this.#lookAtPattern(node, above);
      case "TaggedTemplateExpression":
        // The word is written with an escape for V8, which a tag would see.
        if (node.quasi.quasis.some(({ value }) => value.raw.includes("import"))) {
          this.#fail(node.quasi, "the word import cannot stand in a template with a tag");
        }
        return;
      case "MemberExpression":
        return this.#lookAtEvent(node, above);
    }
  }

  /** What is taken apart cannot be screened. */
  #lookAtPattern(node: acorn.AnyNode, above: readonly acorn.AnyNode[]): void {
    if (node.type !== "Property" || above.at(-1)?.type !== "ObjectPattern") return;
    const key = knownKey(node);
    if (key === undefined) {
      this.#fail(node, "names in [] are not available in patterns; write a variable for each property");
    }
    if (key === "constructor") this.#fail(node, "constructor cannot be taken in a pattern");
  }

  #lookAtEvent(node: acorn.MemberExpression, above: readonly acorn.AnyNode[]): void {
    if (!this.#events.has(node.object)) return;
    const name = knownKey({ computed: node.computed, key: node.property });
    if (name === undefined) return;
    if (!EVENT_NAMES.includes(name)) {
      const known = EVENT_NAMES.join(", ");
      this.#fail(
        node.property,
        `event has no ${name}; write event.fields.${name} for a field. It has ${known}`,
      );
    }
    const parent = above.at(-1);
    const isWritten = (parent?.type === "AssignmentExpression" && parent.left === node) ||
      parent?.type === "UpdateExpression";
    if (isWritten && (name === "source" || name === "input")) {
      this.#fail(node, `event.${name} cannot be changed; put the value into a field`);
    }
  }

  #fail(node: acorn.AnyNode, message: string): void {
    throw codeError(this.#code, node.start, message);
  }
}
