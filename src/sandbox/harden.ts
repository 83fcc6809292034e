// Node's modules are loaded when they are first used, and need for that what is taken away or frozen here. This one
// loads the others.
import "node:crypto";
import { intrinsics, originals, ScriptRegExp, userCode } from "./realm.ts";
import { reachableFrom, realmRoots } from "./realm_graph.ts";
import { tameObject } from "./tame_object.ts";
import { removeGlobals } from "./worker_globals.ts";
import { SCRIPT_GLOBALS } from "./vocabulary.ts";

const { defineProperty, getOwnPropertyDescriptor } = originals;

/**
 * Makes this realm fit for scripts: none reaches the makers of functions, and none changes what others, or our own
 * code, work with. In a worker it also takes the globals away that reach outside. Works once and for all; to be called
 * before the first script is compiled, and best after all libraries are loaded.
 */
export function hardenRealm(): void {
  if (userCode.isContained) return;
  const roots = realmRoots();
  tameObject();
  withholdFunctionMakers();
  removeHazards();
  for (const object of reachableFrom([...roots, ScriptRegExp])) intrinsics.add(object);
  for (const object of intrinsics) mendOverrides(object);
  // The getters and setters of the last step belong to it.
  for (const object of reachableFrom([...roots, ScriptRegExp])) intrinsics.add(object);
  for (const object of intrinsics) {
    if (object !== originals.regExpPrototype) originals.freeze(object);
  }
  for (const name of SCRIPT_GLOBALS) lockGlobal(name);
  if ("WorkerGlobalScope" in globalThis) removeGlobals();
  userCode.isContained = true;
}

/** Code from texts is made by `generateFunction` alone, which has kept the maker for itself. */
function withholdFunctionMakers(): void {
  const inert = function Function(): never {
    throw new TypeError("functions cannot be made from texts here");
  };
  // Keeps `value instanceof Function` true for functions.
  defineProperty(inert, "prototype", { value: Function.prototype, writable: false });
  const samples = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const sample of samples) {
    defineProperty(originals.getPrototypeOf(sample), "constructor", {
      value: inert,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
  defineProperty(globalThis, "Function", { value: inert, writable: false, configurable: false });
}

function removeHazards(): void {
  // RegExp.$1, RegExp.input and the like tell what was matched last, by whomever.
  for (const name of originals.getOwnPropertyNames(RegExp)) {
    if (!["length", "name", "prototype", "escape"].includes(name)) {
      delete (RegExp as unknown as Record<string, unknown>)[name];
    }
  }
  // It goes on running after the call.
  delete (Array as unknown as Record<string, unknown>)["fromAsync"];
  const old = Object.prototype as unknown as Record<string, unknown>;
  for (
    const name of [
      "__proto__",
      "__defineGetter__",
      "__defineSetter__",
      "__lookupGetter__",
      "__lookupSetter__",
    ]
  ) {
    delete old[name];
  }
  // It would get the functions of the call stack.
  defineProperty(Error, "prepareStackTrace", {
    get: () => undefined,
    set: () => {},
    enumerable: false,
    configurable: false,
  });
}

/**
 * An assignment to an object throws if its prototype has a frozen property of that name. A pair of getter and setter in
 * its place gives the object a property of its own, as if nothing were frozen. Only where it is in use: a prototype
 * changed like this is slower, that of strings very much so.
 */
function mendOverrides(prototype: object): void {
  const names = prototype === Function.prototype
    ? ["constructor", "toString", "apply", "bind", "call"]
    : prototype === Object.prototype
    ? originals.getOwnPropertyNames(prototype)
    : prototype === Array.prototype
    // Its constructor as a getter would end V8's fast ways for map, slice and others.
    ? ["toString", "toLocaleString", "concat"]
    : prototype instanceof Error || prototype === Error.prototype
    ? ["constructor", "toString", "name", "message"]
    : [];
  for (const name of names) {
    const descriptor = getOwnPropertyDescriptor(prototype, name);
    if (descriptor?.configurable !== true || !("value" in descriptor)) continue;
    defineProperty(prototype, name, overridable(prototype, name, descriptor.value));
  }
}

function overridable(prototype: object, name: string, value: unknown): PropertyDescriptor {
  const pair = {
    get: () => value,
    set(this: object, own: unknown) {
      if (this === prototype) throw new TypeError(`"${name}" is read-only`);
      defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
    },
  };
  return { get: pair.get, set: pair.set, enumerable: false, configurable: false };
}

function lockGlobal(name: string): void {
  const descriptor = getOwnPropertyDescriptor(globalThis, name);
  if (descriptor?.configurable) {
    defineProperty(globalThis, name, { value: descriptor.value, writable: false, configurable: false });
  }
}
