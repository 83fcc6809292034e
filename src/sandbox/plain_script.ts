import type * as acorn from "acorn";
import { isReading } from "./reading_calls.ts";
import { childrenOf, knownKey } from "./tree.ts";

/** Statements and expressions that make no functions and instances, and copy no references in a way not seen here. */
const PLAIN = new Set<string>([
  ...["Literal", "TemplateLiteral", "TemplateElement", "Identifier", "MemberExpression", "ChainExpression"],
  ...["CallExpression", "UnaryExpression", "BinaryExpression", "LogicalExpression", "ConditionalExpression"],
  ...["AssignmentExpression", "UpdateExpression", "BlockStatement", "ExpressionStatement", "EmptyStatement"],
  ...["IfStatement", "ReturnStatement", "VariableDeclaration", "VariableDeclarator", "ForStatement"],
  ...["WhileStatement", "DoWhileStatement", "BreakStatement", "ContinueStatement", "LabeledStatement"],
]);

/** Methods that answer a text, a number, a boolean, or throw, on any value that a record may hold. */
const SCALAR_METHODS = new Set([
  ...[
    "includes",
    "indexOf",
    "lastIndexOf",
    "startsWith",
    "endsWith",
    "substring",
    "substr",
    "trim",
    "trimStart",
  ],
  ...["trimEnd", "toLowerCase", "toUpperCase", "charAt", "charCodeAt", "codePointAt", "padStart", "padEnd"],
  ...["repeat", "replace", "replaceAll", "search", "test", "join", "toFixed", "toPrecision", "normalize"],
]);
const SCALAR_FUNCTIONS = new Set([
  "Number",
  "String",
  "Boolean",
  "BigInt",
  "parseInt",
  "parseFloat",
  "isNaN",
]);

const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), "__proto__"]);

/**
 * Whether a script, as most are, can only put texts, numbers and booleans into fields, or one field into another, so
 * that nothing has to be cleaned afterwards. What is not clearly so is not. `isOwn` tells the names that the script
 * declares itself.
 */
export function leavesPlainData(
  code: acorn.FunctionExpression,
  isOwn: (name: acorn.Identifier) => boolean,
): boolean {
  return code.body.body.every((statement) => isHarmless(statement, isOwn));
}

type IsOwn = (name: acorn.Identifier) => boolean;

function isHarmless(node: acorn.AnyNode, isOwn: IsOwn): boolean {
  if (!PLAIN.has(node.type)) return false;
  switch (node.type) {
    case "AssignmentExpression":
      if (!isHarmlessAssignment(node, isOwn)) return false;
      break;
    case "VariableDeclarator":
      if (node.id.type !== "Identifier") return false;
      break;
    case "ReturnStatement":
      if (node.argument && !isEventOrNothing(node.argument, isOwn)) return false;
      break;
    case "CallExpression":
      if (!isReadingCall(node, isOwn)) return false;
      break;
  }
  return childrenOf(node).every((child) => isHarmless(child, isOwn));
}

function isHarmlessAssignment({ left, right, operator }: acorn.AssignmentExpression, isOwn: IsOwn): boolean {
  if (operator !== "=") return !["||=", "&&=", "??="].includes(operator) || isScalar(right, isOwn);
  // A variable may hold anything; nothing goes from it into a field but over an operator.
  if (left.type === "Identifier") return true;
  if (left.type !== "MemberExpression" || isField(left, isOwn) === "fields") return false;
  return isScalar(right, isOwn) || (isField(left, isOwn) === "field" && isField(right, isOwn) === "field");
}

/** Whether this is `event.fields`, or `event.fields.name` with a name that no object inherits. */
function isField(node: acorn.AnyNode, isOwn: IsOwn): "fields" | "field" | undefined {
  if (node.type !== "MemberExpression") return undefined;
  const name = knownKey({ computed: node.computed, key: node.property });
  const { object } = node;
  if (object.type === "Identifier") {
    return object.name === "event" && !isOwn(object) && name === "fields" ? "fields" : undefined;
  }
  const isOfFields = isField(object, isOwn) === "fields" && name !== undefined && !INHERITED.has(name);
  return isOfFields ? "field" : undefined;
}

function isEventOrNothing(node: acorn.AnyNode, isOwn: IsOwn): boolean {
  if (node.type === "Identifier") return !isOwn(node) && (node.name === "event" || node.name === "undefined");
  return node.type === "Literal" && (node.value === null || node.value === false) && !node.regex;
}

/** Whether the value can be no object and no function. */
function isScalar(node: acorn.AnyNode, isOwn: IsOwn): boolean {
  switch (node.type) {
    case "Literal":
      return !node.regex;
    case "TemplateLiteral":
    case "BinaryExpression":
    case "UnaryExpression":
    case "UpdateExpression":
      return true;
    case "LogicalExpression":
      return isScalar(node.left, isOwn) && isScalar(node.right, isOwn);
    case "ConditionalExpression":
      return isScalar(node.consequent, isOwn) && isScalar(node.alternate, isOwn);
    case "ChainExpression":
      return isScalar(node.expression, isOwn);
    case "Identifier":
      return !isOwn(node) && ["undefined", "NaN", "Infinity"].includes(node.name);
    case "MemberExpression":
      return node.object.type === "Identifier" && node.object.name === "event" && !isOwn(node.object) &&
        ["timestamp", "message", "level", "source", "input"].includes(
          knownKey({ computed: node.computed, key: node.property }) ?? "",
        );
    case "CallExpression": {
      const { callee } = node;
      if (callee.type === "Identifier") return !isOwn(callee) && SCALAR_FUNCTIONS.has(callee.name);
      const name = methodOf(callee);
      return name !== undefined && (SCALAR_METHODS.has(name) || spaceOf(callee, isOwn) === "Math");
    }
  }
  return false;
}

/** A call that changes nothing; functions of the language as parameters might be called with a field as `this`. */
function isReadingCall(node: acorn.CallExpression, isOwn: IsOwn): boolean {
  const { callee } = node;
  const parameters: acorn.AnyNode[] = node.arguments;
  if (!parameters.every((parameter) => isScalar(parameter, isOwn) || isPattern(parameter))) {
    const convertsField = callee.type === "Identifier" && parameters.length === 1 &&
      parameters[0] !== undefined &&
      isField(parameters[0], isOwn) === "field";
    if (!convertsField) return false;
  }
  if (callee.type === "Identifier") return !isOwn(callee) && SCALAR_FUNCTIONS.has(callee.name);
  const name = methodOf(callee);
  return name !== undefined && isReading(spaceOf(callee, isOwn), name);
}

function isPattern(node: acorn.AnyNode): boolean {
  return node.type === "Literal" && node.regex !== undefined && node.regex !== null;
}

function methodOf(node: acorn.AnyNode): string | undefined {
  return node.type === "MemberExpression" && !node.computed && node.property.type === "Identifier"
    ? node.property.name
    : undefined;
}

function spaceOf(node: acorn.AnyNode, isOwn: IsOwn): string | undefined {
  if (node.type !== "MemberExpression" || node.object.type !== "Identifier" || isOwn(node.object)) {
    return undefined;
  }
  return node.object.name === "event" ? undefined : node.object.name;
}
