// Taken when the module is loaded: the realm of the workers may withhold it from scripts afterwards.
const FunctionConstructor = Function;

/**
 * Compiles strict-mode JavaScript to a function value. `source` is an expression; it sees the globals and `bindings`.
 * For code that gets faster by being made for one configuration; texts must enter `source` through JSON.stringify.
 */
export function generateFunction<T>(source: string, bindings: Readonly<Record<string, unknown>> = {}): T {
  const names = Object.keys(bindings);
  const values = names.map((name) => bindings[name]);
  return new FunctionConstructor(...names, `"use strict"; return ${source};`)(...values) as T;
}
