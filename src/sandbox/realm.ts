import { generateFunction } from "../lib/generated_function.ts";

/** Whether code of the user's runs at this moment; what scripts may not do with `Object` depends on it. */
export const userCode = { runs: false, isContained: false };

/** The originals of what scripts must not have, taken before `hardenRealm` replaces it. */
export const originals = {
  RegExp,
  regExpPrototype: RegExp.prototype as object,
  getPrototypeOf: Object.getPrototypeOf,
  defineProperty: Object.defineProperty,
  defineProperties: Object.defineProperties,
  create: Object.create,
  freeze: Object.freeze,
  seal: Object.seal,
  preventExtensions: Object.preventExtensions,
  getOwnPropertyNames: Object.getOwnPropertyNames,
  getOwnPropertySymbols: Object.getOwnPropertySymbols,
  getOwnPropertyDescriptor: Object.getOwnPropertyDescriptor,
  getOwnPropertyDescriptors: Object.getOwnPropertyDescriptors,
  ownKeys: Reflect.ownKeys,
  captureStackTrace: Error.captureStackTrace,
};

/** Every object that `hardenRealm` froze: nothing of it may stand in the fields of a record. */
export const intrinsics = new Set<object>();

/**
 * The `RegExp` of scripts. V8's fast ways for replace, match and split end as soon as RegExp.prototype is changed or
 * frozen, so that alone stays as it is, and scripts never get hold of it: see `screen`.
 */
export const ScriptRegExp = Object.defineProperties(
  function RegExp(pattern: string | RegExp, flags?: string): RegExp {
    return new originals.RegExp(pattern, flags);
  },
  {
    prototype: { value: Object.freeze({ __proto__: null }), writable: false },
    escape: { value: (RegExp as unknown as { escape: unknown }).escape },
    [Symbol.hasInstance]: { value: (value: unknown) => value instanceof originals.RegExp },
  },
);

/** Stands around every look-up of a script by a name that is not known beforehand. */
export function screen(value: unknown): unknown {
  return value === originals.RegExp || value === originals.regExpPrototype ? ScriptRegExp : value;
}

/** Names of the globals at this moment that can be hidden behind parameters of the same name. */
export function namesToHide(allowed: ReadonlySet<string>): string[] {
  const names = new Set<string>();
  for (let scope: object | null = globalThis; scope !== null; scope = originals.getPrototypeOf(scope)) {
    for (const name of originals.getOwnPropertyNames(scope)) names.add(name);
  }
  for (const name of ["eval", "arguments", ...allowed]) names.delete(name);
  return [...names].filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && !name.startsWith("__"));
}

/** Compiles checked code. `values` are what it sees besides the globals that are allowed. */
export function compileChecked<T>(
  source: string,
  allowed: ReadonlySet<string>,
  values: Readonly<Record<string, unknown>>,
): T {
  const hidden: Record<string, unknown> = {};
  for (const name of namesToHide(allowed)) hidden[name] = undefined;
  // No keyword `import` reaches V8, however differently it might read the text than the parser of the check did: in
  // strings, patterns and names the escape means the same, as a keyword it is a syntax error.
  const text = source.replace(
    /(\\*)import/g,
    (_, backslashes: string) =>
      (backslashes.length % 2 === 0 ? backslashes : backslashes.slice(1)) + "\\u0069mport",
  );
  return generateFunction<T>(text, { ...hidden, ...values });
}
