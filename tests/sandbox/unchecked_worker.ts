import { hardenRealm } from "../../src/sandbox/harden.ts";
import { compileChecked, userCode } from "../../src/sandbox/realm.ts";
import { SCRIPT_GLOBALS } from "../../src/sandbox/vocabulary.ts";

const scope = self as unknown as { postMessage(message: unknown): void; onmessage(): void };

/** Code that no check has seen, each an expression. */
const codes: Record<string, string> = {
  maker: `(() => {}).constructor("return 1")() && "made a function"`,
  "maker of generators": `(function* () {}).constructor("yield 1")() && "made a function"`,
  pollution: `(Object.prototype.polluted = 1, delete Object.prototype.polluted && "changed")`,
  statics: `(/(.*)/.exec("secret"), RegExp.$1)`,
  stack:
    `(Error.prepareStackTrace = () => "sites", Array.isArray(new Error().stack) || new Error().stack === "sites" ? "sites" : typeof new Error().stack)`,
  fetch: "typeof fetch",
  Deno: "typeof Deno",
  import: `import("data:text/javascript,1")`,
  getter: `Object.defineProperty({}, "a", { get: () => "made" }).a`,
};

function results(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, code] of Object.entries(codes)) {
    try {
      const run = compileChecked<() => unknown>(`function () { return ${code}; }`, SCRIPT_GLOBALS, {});
      userCode.runs = true;
      found[name] = String(run());
    } catch (error) {
      found[name] = error instanceof Error ? error.name : String(error);
    } finally {
      userCode.runs = false;
    }
  }
  return found;
}

scope.onmessage = () => {
  const before = results();
  (Error as { prepareStackTrace?: unknown }).prepareStackTrace = undefined;
  hardenRealm();
  scope.postMessage({ before, after: results() });
};
