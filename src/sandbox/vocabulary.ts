import { suggest } from "../lib/suggest.ts";

/** What scripts see of the language besides its syntax. */
export const SCRIPT_GLOBALS: ReadonlySet<string> = new Set([
  ...[
    "Object",
    "Array",
    "String",
    "Number",
    "Boolean",
    "BigInt",
    "Date",
    "RegExp",
    "Map",
    "Set",
    "Math",
    "JSON",
  ],
  ...["parseInt", "parseFloat", "isNaN", "isFinite", "undefined", "NaN", "Infinity"],
  ...["encodeURI", "encodeURIComponent", "decodeURI", "decodeURIComponent"],
  ...[
    "Error",
    "AggregateError",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
  ],
]);

/** What an event has, as scripts and conditions see it. */
export const EVENT_NAMES: readonly string[] = ["timestamp", "message", "level", "source", "input", "fields"];

const REASONS: Readonly<Record<string, string>> = {
  ...forEach(
    [
      "fetch",
      "WebSocket",
      "XMLHttpRequest",
      "EventSource",
      "Worker",
      "require",
      "Deno",
      "process",
      "Bun",
      "URL",
    ],
    "they see the event and the JavaScript language, and reach nothing outside",
  ),
  ...forEach(
    ["globalThis", "window", "self", "global"],
    "everything that they may use has a name of its own",
  ),
  ...forEach(["eval", "Function"], "code cannot be made from texts"),
  ...forEach(
    ["Promise", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
    "nothing runs after they have returned",
  ),
  ...forEach(["Symbol", "Proxy", "Reflect", "WeakMap", "WeakSet", "WeakRef"], "they work with plain data"),
  console: "put what you want to see into a field",
  arguments: "name the parameters, or write (...values)",
};

function forEach(names: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

/** Why a name is not known, and what was perhaps meant. `where`: conditions or scripts. */
export function unknownName(name: string, where: "conditions" | "scripts", known: Iterable<string>): string {
  const reason = Object.hasOwn(REASONS, name) ? REASONS[name] : undefined;
  if (reason !== undefined) return `${name} is not available in ${where}; ${reason}`;
  if (where === "scripts" && EVENT_NAMES.includes(name)) {
    return `${name} is not available in scripts; write event.${name}`;
  }
  const guess = suggest(name, known);
  const field = where === "conditions" ? `fields.${name}` : `event.fields.${name}`;
  const hint = guess === undefined ? `a field is written ${field}` : `did you mean ${guess} or ${field}?`;
  return `${name} is not available in ${where}; ${hint}`;
}
