import { originals } from "./realm.ts";
import { SCRIPT_GLOBALS } from "./vocabulary.ts";

const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = originals;

/** The globals of the language itself, whatever the host adds. */
export const LANGUAGE_GLOBALS: readonly string[] = [
  ...[
    "Object",
    "Function",
    "Array",
    "String",
    "Number",
    "Boolean",
    "BigInt",
    "Symbol",
    "Date",
    "RegExp",
    "Promise",
  ],
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
  ...["SuppressedError", "JSON", "Math", "Intl", "Temporal", "Map", "Set", "WeakMap", "WeakSet", "WeakRef"],
  ...["FinalizationRegistry", "Iterator", "Proxy", "Reflect", "Atomics", "ArrayBuffer", "SharedArrayBuffer"],
  ...["DataView", "Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array"],
  ...["BigUint64Array", "BigInt64Array", "Uint8ClampedArray", "Float16Array", "Float32Array", "Float64Array"],
  ...["DisposableStack", "AsyncDisposableStack", "parseInt", "parseFloat", "isNaN", "isFinite", "escape"],
  ...["unescape", "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent"],
];

/** What scripts may name, and what they come to by calling it: a date gives a Temporal object, a list an Iterator. */
const FOUND_BY_SCRIPTS = [
  ...SCRIPT_GLOBALS,
  "Function",
  "Symbol",
  "Iterator",
  "Temporal",
  "Intl",
  "SuppressedError",
];

/**
 * The objects from which everything hangs that scripts can reach. Typed arrays and promises are not among it, and stay
 * as they are: libraries build upon them in ways that frozen ones do not allow.
 */
export function realmRoots(): object[] {
  const scope = globalThis as unknown as Record<string, unknown>;
  return [...FOUND_BY_SCRIPTS.map((name) => scope[name]), ...samples()].filter(isObject);
}

/** One object of each kind that only syntax or a call makes. */
function samples(): unknown[] {
  const iterator = [].values();
  return [
    ...[() => {}, function () {}, function* () {}, class {}, (function* () {})(), new Error("sample"), /x/],
    ...[iterator, new Map().values(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/x/g)],
    ...[iterator.map((item) => item), Iterator.from({ next: () => ({ done: true, value: 0 }) })],
    ...[new Intl.Segmenter().segment(""), new Intl.Segmenter().segment("")[Symbol.iterator]()],
  ];
}

/** All objects that can be reached from these over properties, getters, setters and prototypes. */
export function reachableFrom(roots: readonly object[]): Set<object> {
  const reached = new Set<object>();
  const waiting: unknown[] = [...roots];
  while (waiting.length > 0) {
    const object = waiting.pop();
    if (!isObject(object) || reached.has(object)) continue;
    if (object === globalThis) {
      throw new Error("Cannot harden the realm: its objects lead to the global object");
    }
    reached.add(object);
    waiting.push(getPrototypeOf(object));
    for (const key of ownKeys(object)) {
      const descriptor = getOwnPropertyDescriptor(object, key);
      waiting.push(descriptor?.value, descriptor?.get, descriptor?.set);
    }
  }
  return reached;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
