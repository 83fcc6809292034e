import type { Resources } from "../../component.ts";
import type { Alternatives, GroupNode, Node, Sequence } from "../../lib/regular_expression/node.ts";
import { writePattern } from "../../lib/regular_expression/write.ts";
import type { CompiledGrok, GrokPattern } from "./compile_grok.ts";
import { compileGrokConfig } from "./grok.ts";
import type { ParserOwn } from "../parser_config.ts";
import { chooseName, type FieldNames, parseReference } from "./reference.ts";

/** How far a grok pattern got on a line that it does not match. */
export interface Mismatch {
  /** The longest leading part of the pattern that matches; names are replaced by their definition as far as needed. */
  readonly matched: string;
  /** The part that follows it and does not match. */
  readonly expected: string;
  /** Where in the line the matched part ends, in UTF-16 code units. */
  readonly at: number;
}

/** One element of the pattern with all groups opened that have only one alternative. */
interface Step {
  readonly node: Node;
  /** The opened groups around it, from the outside in. */
  readonly groups: readonly GroupNode[];
}

const NO_FILES: Resources = {
  file: (path) => {
    throw new Error(`Cannot read "${path}": no files are at hand`);
  },
  directory: (path) => {
    throw new Error(`Cannot read "${path}": no files are at hand`);
  },
};

/** Compiles a configuration, and answers `explainMismatch` for it. Throws KeyError. */
export async function explainGrok(
  config: ParserOwn<"grok">,
  resources: Resources = NO_FILES,
): Promise<(line: string) => Mismatch | undefined> {
  const compiled = await compileGrokConfig(config, { resources });
  return (line) => explainMismatch(compiled, line);
}

/**
 * Tells how far a pattern gets on a line: the furthest point at which a leading part of it still matches. Undefined if
 * all of it matches, or if the parts of the pattern are not known.
 */
export function explainMismatch({ pattern }: CompiledGrok, line: string): Mismatch | undefined {
  const only = pattern?.body.length === 1 ? pattern.body[0] : undefined;
  if (pattern === undefined || only === undefined) return undefined;
  const steps = [...open(only, [])];
  // Whatever matches does so without its last part, too, so the point can be found by halving.
  let matching = 0;
  let failing = steps.length + 1;
  while (failing - matching > 1) {
    const middle = (matching + failing) >> 1;
    if (endOfMatch(steps.slice(0, middle), line) === undefined) failing = middle;
    else matching = middle;
  }
  const failed = steps[matching];
  if (failed === undefined) return undefined;
  return { ...describe(pattern, failed), at: endOfMatch(steps.slice(0, matching), line) ?? 0 };
}

function* open(sequence: Sequence, groups: readonly GroupNode[]): Generator<Step> {
  for (const node of sequence) {
    const body = node.kind === "group" && isOpen(node) && node.body.length === 1 ? node.body[0] : undefined;
    if (node.kind === "group" && body !== undefined) yield* open(body, [...groups, node]);
    else yield { node, groups };
  }
}

function isOpen({ type }: GroupNode): boolean {
  return type === "plain" || type === "capture";
}

function endOfMatch(steps: readonly Step[], line: string): number | undefined {
  const { source, flags } = writePattern([steps.map(({ node }) => node)]);
  const found = new RegExp(source, flags).exec(line);
  return found === null ? undefined : found.index + found[0].length;
}

function describe(
  { source, names }: GrokPattern,
  { node, groups }: Step,
): Pick<Mismatch, "matched" | "expected"> {
  let matched = "";
  let from = source;
  let at: Node = node;
  let next = 0;
  for (const group of groups) {
    at = group;
    // What captures nothing inside, such as %{HTTPDATE}, is shown whole.
    if (group.bodySource !== undefined && !captures(group.body)) break;
    if (group.bodySource !== undefined) {
      matched += from.slice(next, group.start);
      from = group.bodySource;
      next = 0;
    }
    at = node;
  }
  return {
    matched: withNames(matched + from.slice(next, at.start), names),
    expected: withNames(from.slice(at.start, at.end), names),
  };
}

function captures(body: Alternatives): boolean {
  return body.flat().some((node): boolean => {
    if (node.kind === "repeat") return captures([[node.body]]);
    return node.kind === "group" && (node.name !== undefined || captures(node.body));
  });
}

/** The text of a pattern with the names of fields in use only. */
function withNames(text: string, names: FieldNames): string {
  return text.replace(/%\{([^{}]*)\}|\(\?<([^<>|]*\|[^<>]*)>/g, (_, inner?: string, group?: string) => {
    if (inner === undefined) return `(?<${chooseName(group ?? "", names) ?? ""}>`;
    const { name, field } = parseReference(inner, names);
    return field === undefined ? `%{${name}}` : `%{${name}:${field}}`;
  });
}
