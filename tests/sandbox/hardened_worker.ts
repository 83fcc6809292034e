import { compileCondition } from "../../src/sandbox/condition.ts";
import { hardenRealm } from "../../src/sandbox/harden.ts";
import { generateFunction } from "../../src/lib/generated_function.ts";

const scope = self as unknown as {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage(event: MessageEvent<unknown>): void;
};
const names = [
  "fetch",
  "WebSocket",
  "Worker",
  "eval",
  "caches",
  "WebAssembly",
  "navigator",
  "location",
];

hardenRealm();
hardenRealm();

/** Uses of libraries and of the language that a worker needs after it is hardened, each with its result. */
const uses: Record<string, () => unknown> = {
  globals: () => names.filter((name) => name in globalThis),
  Deno: () => Object.keys(Deno).join(),
  process: () => JSON.stringify((globalThis as unknown as { process: { env: object } }).process.env),
  Function: () => {
    try {
      return new Function("return 1")();
    } catch (error) {
      return String(error);
    }
  },
  isFunction: () => (() => {}) instanceof Function,
  generated: () => generateFunction<() => number>("function () { return 41 + 1; }")(),
  text: () => {
    const bytes = new Uint8Array(16);
    const { written } = new TextEncoder().encodeInto("grün", bytes);
    return new TextDecoder().decode(bytes.subarray(0, written));
  },
  clone: () => structuredClone(new Map([["a", [1n, new Date(0), new Uint8Array(2)]]])).get("a")?.length,
  timer: () => new Promise((resolve) => setTimeout(() => resolve("fired"), 0)),
  microtasks: async () => (await Promise.all([1, Promise.resolve(2)])).concat(await Promise.resolve([3])),
  ownProperties: () => {
    const object: Record<string, unknown> = {};
    for (const name of ["toString", "constructor", "valueOf", "hasOwnProperty", "__proto__"]) {
      object[name] = 1;
    }
    return Object.keys(object).join();
  },
  errors: () => {
    class Own extends RangeError {
      constructor() {
        super("first");
        this.name = "Own";
        this.message = "second";
      }
    }
    return `${new Own()} ${new Own() instanceof RangeError} ${typeof new Own().stack}`;
  },
  getters: () => Object.defineProperty({}, "a", { get: () => 1 } as PropertyDescriptor & { get(): number }),
  frozen: () => Object.isFrozen(Object.freeze([])),
  patterns: () =>
    "a1b2".replace(/\d/g, (digit) => `<${digit}>`) + "a,b".split(/,/).length + "x".match(/x/)?.[0],
  crypto: async () => {
    const { createHmac } = await import("node:crypto");
    return createHmac("sha256", "k").update("x").digest("hex").slice(0, 8);
  },
  buffer: async () => (await import("node:buffer")).Buffer.from("YQ==", "base64").toString(),
  util: async () => (await import("node:util")).inspect({ a: [1] }),
  path: async () => (await import("node:path")).join("a", "..", "b"),
  yaml: async () => (await import("yaml")).parse("a: [1, {b: c}]").a[1].b,
  zeptomatch: async () => (await import("zeptomatch")).default("*.log", "a.log"),
  oniguruma: async () => (await import("oniguruma-to-es")).toRegExp("(?<a>x++)y").exec("xxy")?.groups?.["a"],
  userAgent: async () =>
    (await import("ua-parser-js")).UAParser(
      "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    )
      .browser.name,
  condition: async () => (await compileCondition("1 + 1 === 2", { key: "if", warn: () => {} }))({} as never),
};

scope.onmessage = async ({ data }) => {
  const results: Record<string, unknown> = { echo: data };
  for (const [name, use] of Object.entries(uses)) {
    try {
      results[name] = await use();
    } catch (error) {
      results[name] = error instanceof Error ? `${error.stack}` : String(error);
    }
  }
  const { buffer } = new Uint8Array([1, 2, 3]);
  scope.postMessage({ results, buffer }, [buffer]);
};
