import type * as acorn from "acorn";
import { childrenOf } from "./tree.ts";

/** A name that no declaration in the code explains. */
export interface FreeName {
  readonly node: acorn.Identifier;
  /** Something is assigned to it. */
  readonly isWritten: boolean;
}

/** Finds the free names in the body of a function of strict code; its own parameters count as free. */
export function freeNamesOf(code: acorn.FunctionExpression): FreeName[] {
  const resolver = new Resolver();
  resolver.body(code.body, new Scope(undefined));
  return resolver.free;
}

class Scope {
  readonly names = new Set<string>();
  readonly #parent: Scope | undefined;

  constructor(parent: Scope | undefined) {
    this.#parent = parent;
  }

  has(name: string): boolean {
    return this.names.has(name) || (this.#parent?.has(name) ?? false);
  }
}

type Pattern = acorn.Pattern | acorn.AssignmentProperty | null;

class Resolver {
  readonly free: FreeName[] = [];

  /** The block of a function: its variables are declared nowhere else, above all not for its parameters. */
  body(block: acorn.BlockStatement | acorn.StaticBlock, outer: Scope): void {
    const scope = new Scope(outer);
    for (const statement of block.body) declareVariables(statement, scope);
    declareLexical(block.body, scope);
    for (const statement of block.body) this.visit(statement, scope);
  }

  visit(node: acorn.AnyNode, scope: Scope): void {
    switch (node.type) {
      case "Identifier":
        return this.#reference(node, scope, false);
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#function(node, scope);
      case "ClassDeclaration":
      case "ClassExpression": {
        const inner = new Scope(scope);
        if (node.id) inner.names.add(node.id.name);
        if (node.superClass) this.visit(node.superClass, inner);
        return this.visit(node.body, inner);
      }
      case "StaticBlock":
        return this.body(node, scope);
      case "BlockStatement":
        return this.#block(node.body, node.body, scope);
      case "SwitchStatement":
        // What is switched over does not see the declarations of the cases.
        this.visit(node.discriminant, scope);
        return this.#block(node.cases.flatMap(({ consequent }) => consequent), node.cases, scope);
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        return this.#loop(node, new Scope(scope));
      case "CatchClause": {
        const inner = new Scope(scope);
        declarePattern(node.param ?? null, inner);
        this.#pattern(node.param ?? null, inner, true);
        return this.visit(node.body, inner);
      }
      case "VariableDeclarator":
        this.#pattern(node.id, scope, true);
        if (node.init) this.visit(node.init, scope);
        return;
      case "AssignmentExpression":
        this.#pattern(node.left, scope, false);
        return this.visit(node.right, scope);
      case "UpdateExpression":
        return this.#pattern(node.argument as acorn.Pattern, scope, false);
      case "MemberExpression":
        this.visit(node.object, scope);
        if (node.computed) this.visit(node.property, scope);
        return;
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node.computed) this.visit(node.key, scope);
        if (node.value) this.visit(node.value, scope);
        return;
      case "LabeledStatement":
        return this.visit(node.body, scope);
      case "BreakStatement":
      case "ContinueStatement":
      case "MetaProperty":
        return;
      default:
        for (const child of childrenOf(node)) this.visit(child, scope);
    }
  }

  #reference(node: acorn.Identifier, scope: Scope, isWritten: boolean): void {
    if (!scope.has(node.name)) this.free.push({ node, isWritten });
  }

  #function(node: acorn.Function | acorn.ArrowFunctionExpression, outer: Scope): void {
    const named = new Scope(outer);
    if (node.type === "FunctionExpression" && node.id) named.names.add(node.id.name);
    const scope = new Scope(named);
    for (const parameter of node.params) declarePattern(parameter, scope);
    for (const parameter of node.params) this.#pattern(parameter, scope, true);
    if (node.body.type === "BlockStatement") this.body(node.body, scope);
    else this.visit(node.body, scope);
  }

  #block(
    declaring: readonly acorn.AnyNode[],
    statements: readonly acorn.AnyNode[],
    outer: Scope,
  ): void {
    const scope = new Scope(outer);
    declareLexical(declaring, scope);
    for (const statement of statements) this.visit(statement, scope);
  }

  #loop(node: acorn.ForStatement | acorn.ForInStatement | acorn.ForOfStatement, scope: Scope): void {
    const head = node.type === "ForStatement" ? node.init : node.left;
    if (head?.type === "VariableDeclaration") {
      declareLexical([head], scope);
      this.visit(head, scope);
    } else if (head && node.type === "ForStatement") this.visit(head, scope);
    else if (head) this.#pattern(head as acorn.Pattern, scope, false);
    const rest = node.type === "ForStatement" ? [node.test, node.update] : [node.right];
    for (const part of [...rest, node.body]) if (part) this.visit(part, scope);
  }

  /** Visits the expressions in a pattern, and the names unless the pattern declares them. */
  #pattern(node: Pattern, scope: Scope, declares: boolean): void {
    if (node === null) return;
    switch (node.type) {
      case "Identifier":
        if (!declares) this.#reference(node, scope, true);
        return;
      case "ObjectPattern":
        for (const property of node.properties) this.#pattern(property, scope, declares);
        return;
      case "ArrayPattern":
        for (const element of node.elements) this.#pattern(element, scope, declares);
        return;
      case "AssignmentPattern":
        this.#pattern(node.left, scope, declares);
        return this.visit(node.right, scope);
      case "RestElement":
        return this.#pattern(node.argument, scope, declares);
      case "Property":
        if (node.computed) this.visit(node.key, scope);
        return this.#pattern(node.value, scope, declares);
      default:
        return this.visit(node, scope);
    }
  }
}

/** Declares what `var` declares in a statement, at any depth, but not in the functions within. */
function declareVariables(node: acorn.AnyNode, scope: Scope): void {
  if (node.type === "VariableDeclaration") {
    if (node.kind === "var") { for (const { id } of node.declarations) declarePattern(id, scope); }
  } else if (/Statement$|^SwitchCase$|^CatchClause$/.test(node.type)) {
    for (const child of childrenOf(node)) declareVariables(child, scope);
  }
}

/** Declares what a list of statements declares for its block. */
function declareLexical(statements: readonly acorn.AnyNode[], scope: Scope): void {
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration" && statement.kind !== "var") {
      for (const { id } of statement.declarations) declarePattern(id, scope);
    } else if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") {
      if (statement.id) scope.names.add(statement.id.name);
    }
  }
}

function declarePattern(node: Pattern, scope: Scope): void {
  if (node === null) return;
  switch (node.type) {
    case "Identifier":
      scope.names.add(node.name);
      return;
    case "ObjectPattern":
      for (const property of node.properties) declarePattern(property, scope);
      return;
    case "ArrayPattern":
      for (const element of node.elements) declarePattern(element, scope);
      return;
    case "AssignmentPattern":
      return declarePattern(node.left, scope);
    case "RestElement":
      return declarePattern(node.argument, scope);
    case "Property":
      return declarePattern(node.value, scope);
  }
}
