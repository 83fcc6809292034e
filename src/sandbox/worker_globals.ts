import { originals } from "./realm.ts";
import { LANGUAGE_GLOBALS } from "./realm_graph.ts";

/** Globals besides the language's own that the worker's loop and the libraries need; none of them reaches outside. */
const KEPT = new Set([
  ...[
    "self",
    "globalThis",
    "global",
    "name",
    "close",
    "postMessage",
    "onmessage",
    "onerror",
    "onunhandledrejection",
  ],
  ...["onmessageerror", "addEventListener", "removeEventListener", "dispatchEvent", "reportError", "console"],
  ...[
    "Event",
    "EventTarget",
    "CustomEvent",
    "MessageEvent",
    "ErrorEvent",
    "PromiseRejectionEvent",
    "CloseEvent",
  ],
  ...["WorkerGlobalScope", "DedicatedWorkerGlobalScope", "AbortController", "AbortSignal", "DOMException"],
  ...["QuotaExceededError", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate"],
  ...[
    "clearImmediate",
    "queueMicrotask",
    "structuredClone",
    "performance",
    "Performance",
    "crypto",
    "Crypto",
  ],
  ...["TextEncoder", "TextDecoder", "atob", "btoa", "URL", "URLSearchParams", "Buffer", "MessagePort"],
  ...["MessageChannel", "Function"],
]);

/** What libraries ask of Node's `process` without needing it. */
const PROCESS = {
  env: {},
  argv: [],
  platform: "",
  version: "",
  versions: {},
  emitWarning: () => {},
  nextTick: (call: (...parameters: unknown[]) => void, ...parameters: unknown[]) =>
    queueMicrotask(() => call(...parameters)),
};

/** What Deno's own code for Node's modules asks of the global `Deno`. */
function harmlessDeno(): object {
  const { build, version, errors } = globalThis.Deno;
  return { build, version, errors, env: { get: () => undefined, has: () => false, toObject: () => ({}) } };
}

/** Takes everything off the global object that might reach outside: a second defence behind the check of the code. */
export function removeGlobals(): void {
  const scope = globalThis as unknown as Record<string, unknown>;
  const deno = harmlessDeno();
  const kept = new Set([...KEPT, ...LANGUAGE_GLOBALS, "undefined", "NaN", "Infinity"]);
  for (const name of originals.getOwnPropertyNames(globalThis)) {
    if (!kept.has(name)) delete scope[name];
  }
  originals.defineProperty(globalThis, "Deno", { value: deno, configurable: true, writable: true });
  originals.defineProperty(globalThis, "process", { value: PROCESS, configurable: true, writable: true });
}
