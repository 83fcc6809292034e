import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

/** Runs a module in a worker without permissions and answers its first message. */
async function messageOf<T>(module: string, message: unknown): Promise<T> {
  const worker = new Worker(new URL(module, import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<T>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(message);
    });
  } finally {
    worker.terminate();
  }
}

Deno.test("hardenRealm leaves a worker its loop, the language and the libraries, and takes what reaches outside", async () => {
  const { results, buffer } = await messageOf<{ results: Record<string, unknown>; buffer: ArrayBuffer }>(
    "./hardened_worker.ts",
    { bytes: new Uint8Array([7]), big: 5n },
  );
  assert.deepEqual([...new Uint8Array(buffer)], [1, 2, 3]);
  assert.deepEqual(results, {
    echo: { bytes: new Uint8Array([7]), big: 5n },
    globals: [],
    Deno: "build,version,errors,env",
    process: "{}",
    Function: "TypeError: functions cannot be made from texts here",
    isFunction: true,
    generated: 42,
    text: "grün",
    clone: 3,
    timer: "fired",
    microtasks: [1, 2, 3],
    ownProperties: "toString,constructor,valueOf,hasOwnProperty,__proto__",
    errors: "Own: second true string",
    getters: {},
    frozen: true,
    patterns: "a<1>b<2>2x",
    crypto: createHmac("sha256", "k").update("x").digest("hex").slice(0, 8),
    buffer: "a",
    util: "{ a: [ 1 ] }",
    path: "b",
    yaml: "c",
    zeptomatch: true,
    oniguruma: "xx",
    userAgent: "Firefox",
    condition: true,
  });
});

Deno.test("hardenRealm is what holds back code that the check would let through", async () => {
  const { before, after } = await messageOf<{ before: unknown; after: unknown }>(
    "./unchecked_worker.ts",
    "go",
  );
  assert.deepEqual(before, {
    maker: "made a function",
    "maker of generators": "made a function",
    pollution: "changed",
    statics: "secret",
    stack: "sites",
    fetch: "undefined",
    Deno: "undefined",
    import: "SyntaxError",
    getter: "made",
  });
  assert.deepEqual(after, {
    maker: "TypeError",
    "maker of generators": "TypeError",
    pollution: "TypeError",
    statics: "undefined",
    stack: "string",
    fetch: "undefined",
    Deno: "undefined",
    import: "SyntaxError",
    getter: "TypeError",
  });
});
