import type * as acorn from "acorn";
import { type Code, codeError } from "./code.ts";
import { isReading, namespaces, READ_ONLY_METHODS } from "./reading_calls.ts";
import { fieldsRead } from "./fields_read.ts";
import { freeNamesOf } from "./scope.ts";
import { childrenOf, knownKey } from "./tree.ts";
import { EVENT_NAMES, unknownName } from "./vocabulary.ts";

const CONSTANTS = ["undefined", "NaN", "Infinity"];
/** Functions that make a value of another. */
const CONVERSIONS = [
  ...["Number", "String", "Boolean", "BigInt", "parseInt", "parseFloat", "isNaN", "isFinite"],
  ...["encodeURI", "encodeURIComponent", "decodeURI", "decodeURIComponent"],
];
const MADE_WITH_NEW = ["Date", "RegExp", "Set", "Map"];

/** What conditions see of the language besides its syntax. */
export const CONDITION_GLOBALS: ReadonlySet<string> = new Set([
  ...CONSTANTS,
  ...CONVERSIONS,
  ...MADE_WITH_NEW,
  ...Object.keys(namespaces),
]);

/** Syntax without effects; calls, names and functions are looked at more closely. */
const READING = new Set<string>([
  ...["Literal", "TemplateLiteral", "TemplateElement", "Identifier", "MemberExpression", "ChainExpression"],
  ...["CallExpression", "NewExpression", "UnaryExpression", "BinaryExpression", "LogicalExpression"],
  ...["ConditionalExpression", "ParenthesizedExpression", "ArrayExpression", "ObjectExpression", "Property"],
  ...["SpreadElement", "ArrowFunctionExpression", "ArrayPattern", "ObjectPattern"],
]);

/** They lead from data to what makes functions. */
const WITHHELD = ["constructor", "prototype", "__proto__"];

/** A condition that only reads. */
export interface CheckedCondition {
  /** The expression in brackets. */
  readonly expression: string;
  /** Names of the values that it needs. */
  readonly names: readonly string[];
  /** Names of the fields that it reads; undefined where it looks at the fields or the event as a whole. */
  readonly fields: readonly string[] | undefined;
  /** It calls nothing, so it is done at once whatever the record is: no pattern can take for ever. */
  readonly isBounded: boolean;
}

/**
 * Checks that a condition is one expression that only reads: no assignments, no functions but those that array methods
 * are given, no calls but of methods that change nothing. Such an expression can do no harm in any realm, so it needs
 * no sandbox. Throws KeyError with line and column.
 */
export function checkCondition(code: Code): CheckedCondition {
  const [, statement] = code.function.body.body;
  const argument = statement?.type === "ReturnStatement" ? statement.argument : undefined;
  if (argument?.type !== "ParenthesizedExpression" || argument.end !== code.text.length - 2) {
    throw codeError(code, code.start, "a condition is one expression");
  }
  const check = new Check(code);
  const used = check.run(argument.expression);
  return {
    // Without its brackets a comment in front might swallow it.
    expression: code.text.slice(argument.start, argument.end),
    names: [...EVENT_NAMES, "event"].filter((name) => used.has(name)),
    fields: fieldsRead(argument.expression, check.free),
    isBounded: !check.calls,
  };
}

class Check {
  calls = false;
  /** Names that no declaration explains. */
  readonly free = new Set<acorn.AnyNode>();
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  run(expression: acorn.AnyNode): Set<string> {
    this.#visit(expression);
    const used = new Set<string>();
    for (const { node } of freeNamesOf(this.#code.function)) {
      this.free.add(node);
      used.add(node.name);
      if (!EVENT_NAMES.includes(node.name) && node.name !== "event" && !CONDITION_GLOBALS.has(node.name)) {
        this.#fail(node, unknownName(node.name, "conditions", [...EVENT_NAMES, ...CONDITION_GLOBALS]));
      }
    }
    this.#look(expression, undefined);
    return used;
  }

  /** Whether the syntax itself is without effects. */
  #visit(node: acorn.AnyNode): void {
    if (node.type === "CallExpression" || node.type === "NewExpression") this.calls = true;
    if (!READING.has(node.type)) {
      this.#fail(
        node,
        node.type === "AssignmentExpression"
          ? `a condition changes nothing; did you mean ${node.operator === "=" ? "===" : "a comparison"}?`
          : `${nameOf(node)} is not available in conditions; a script may use it`,
      );
    }
    for (const child of childrenOf(node)) this.#visit(child);
  }

  #look(node: acorn.AnyNode, parent: acorn.AnyNode | undefined): void {
    switch (node.type) {
      case "Identifier":
        return this.#lookAtName(node);
      case "MemberExpression":
        return this.#lookAtMember(node);
      case "CallExpression":
        return this.#lookAtCall(node);
      case "NewExpression": {
        const { callee } = node;
        if (callee.type !== "Identifier" || !this.free.has(callee) || !MADE_WITH_NEW.includes(callee.name)) {
          this.#fail(node, `only ${MADE_WITH_NEW.join(", ")} can be made with new in conditions`);
        }
        return this.#lookAtAll(node.arguments, node);
      }
      case "UnaryExpression":
        if (node.operator === "delete") {
          this.#fail(node, "a condition changes nothing; delete is for scripts");
        }
        break;
      case "BinaryExpression":
        if (node.operator === "instanceof") this.#fail(node, "instanceof is not available in conditions");
        break;
      case "SpreadElement":
        if (parent?.type !== "ArrayExpression") {
          this.#fail(node, "... is available in lists only in conditions");
        }
        break;
      case "ArrowFunctionExpression":
        this.#fail(node, "a function can only be given to a method such as some or filter");
        break;
      case "Property":
        return this.#lookAtProperty(node);
    }
    this.#lookAtAll(childrenOf(node), node);
  }

  #lookAtAll(nodes: readonly acorn.AnyNode[], parent: acorn.AnyNode): void {
    for (const node of nodes) this.#look(node, parent);
  }

  #lookAtName(node: acorn.Identifier): void {
    if (!this.free.has(node) || EVENT_NAMES.includes(node.name) || node.name === "event") return;
    if (!CONSTANTS.includes(node.name)) this.#fail(node, `${node.name} can only be called in conditions`);
  }

  #lookAtProperty(node: acorn.Property | acorn.AssignmentProperty): void {
    const key = knownKey(node);
    if (key === undefined || node.kind !== "init" || WITHHELD.includes(key)) {
      this.#fail(node, "properties in conditions have plain names");
    }
    this.#look(node.value, node);
  }

  #lookAtMember(node: acorn.MemberExpression): void {
    const name = knownKey({ computed: node.computed, key: node.property });
    if (name !== undefined && WITHHELD.includes(name)) {
      this.#fail(node.property, `${name} is not available in conditions`);
    }
    const { object } = node;
    if (object.type === "Identifier" && this.free.has(object)) {
      if (object.name === "event" && name !== undefined && !EVENT_NAMES.includes(name)) {
        this.#fail(node.property, `event has no ${name}; write fields.${name} for a field`);
      }
      // Math.PI, Number.MAX_SAFE_INTEGER
      if (["Math", "Number"].includes(object.name) && name !== undefined && /^[A-Z]/.test(name)) return;
    }
    this.#look(object, node);
    if (node.computed) this.#look(node.property, node);
  }

  #lookAtCall(node: acorn.CallExpression): void {
    const { callee } = node;
    const parameters = node.arguments;
    if (callee.type === "Identifier" && this.free.has(callee) && CONVERSIONS.includes(callee.name)) {
      return this.#lookAtAll(parameters, node);
    }
    if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") {
      return this.#fail(node, "only methods with a plain name can be called in conditions");
    }
    const { name } = callee.property;
    const { object } = callee;
    const space =
      object.type === "Identifier" && this.free.has(object) && Object.hasOwn(namespaces, object.name)
        ? object.name
        : undefined;
    if (!isReading(space, name)) {
      const known = space === undefined ? READ_ONLY_METHODS : namespaces[space] ?? [];
      this.#fail(
        callee.property,
        `${name}() is not available in conditions, which only read; known: ${known.join(", ")}`,
      );
    }
    if (space === undefined) this.#look(object, callee);
    this.#lookAtParameters(node, space, name);
  }

  /** A function of the language, called with an object of the record as `this`, might change that. */
  #lookAtParameters(node: acorn.CallExpression, space: string | undefined, name: string): void {
    const place = takesFunctionAt(space, name);
    node.arguments.forEach((parameter, index) => {
      if (index === place) return this.#lookAtFunction(parameter, name);
      if (index === 1 && name.startsWith("replace") && parameter.type === "ArrowFunctionExpression") {
        return this.#lookAtFunction(parameter, name);
      }
      if (index > 0 && space === "JSON") this.#fail(parameter, `${name}() takes one value in conditions`);
      if (place === 0 && index > 0 && !name.startsWith("reduce") || index > 1 && place === 1) {
        this.#fail(parameter, `${name}() takes no more than its function in conditions`);
      }
      if (parameter.type === "SpreadElement" && space === "Math") {
        return this.#look(parameter.argument, parameter);
      }
      this.#look(parameter, node);
    });
  }

  #lookAtFunction(node: acorn.AnyNode, method: string): void {
    if (node.type === "Identifier" && this.free.has(node) && CONVERSIONS.includes(node.name)) return;
    if (node.type !== "ArrowFunctionExpression" || node.async) {
      return this.#fail(node, `${method}() takes a function such as (value) => value > 1 in conditions`);
    }
    for (const child of childrenOf(node)) this.#look(child, node);
  }

  #fail(node: acorn.AnyNode, message: string): never {
    throw codeError(this.#code, node.start, message);
  }
}

/** Which parameter is a function, if any. */
function takesFunctionAt(space: string | undefined, name: string): number | undefined {
  if (space === "Array" && name === "from") return 1;
  if (space !== undefined) return undefined;
  const takes = [
    "some",
    "every",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "filter",
    "map",
    "flatMap",
  ];
  return [...takes, "reduce", "reduceRight", "toSorted"].includes(name) ? 0 : undefined;
}

function nameOf(node: acorn.AnyNode): string {
  const names: Readonly<Record<string, string>> = {
    SequenceExpression: "a comma between expressions",
    UpdateExpression: "++ or --",
    BlockStatement: "a function with a body in {}",
    FunctionExpression: "function",
    ClassExpression: "class",
    ImportExpression: "import",
    ThisExpression: "this",
    TaggedTemplateExpression: "a template with a tag",
    AwaitExpression: "await",
    YieldExpression: "yield",
  };
  return names[node.type] ?? node.type;
}
