import assert from "node:assert/strict";
import { join } from "node:path";

const MODULE = new URL("../../src/workers/detached_buffers.ts", import.meta.url).href;

/** Prints whether compiled code is still there after buffers were transferred. V8's own functions need JavaScript. */
const SCRIPT = `
import { expectDetachedBuffers } from ${JSON.stringify(MODULE)};

const TURBOFANNED = 1 << 5;

function sum(bytes, view) {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i];
  return sum + view.getInt32(0);
}

if (Deno.args[0] === "expected") expectDetachedBuffers();
const bytes = new Uint8Array(1000);
const view = new DataView(bytes.buffer);
%PrepareFunctionForOptimization(sum);
for (let i = 0; i < 10; i++) sum(bytes, view);
%OptimizeFunctionOnNextCall(sum);
sum(bytes, view);
const isOptimized = () => (%GetOptimizationStatus(sum) & TURBOFANNED) !== 0;
const before = isOptimized();
const one = new Uint8Array(8);
structuredClone(one.buffer, { transfer: [one.buffer] });
const buffer = new ArrayBuffer(8);
const two = [new Uint8Array(buffer), new DataView(buffer)];
structuredClone(buffer, { transfer: [buffer] });
sum(bytes, view);
console.log(before, isOptimized(), two.length);
`;

async function runScript(...args: readonly string[]): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "logaggregator-" });
  try {
    const script = join(directory, "script.js");
    await Deno.writeTextFile(script, SCRIPT);
    const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--v8-flags=--allow-natives-syntax", "--allow-read", script, ...args],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("code that is compiled once detached buffers are expected survives the first transfer", async () => {
  assert.equal(await runScript("expected"), "true true 2");
  // Should this fail one day, V8 has changed, and what is tested here is of no use any more.
  assert.equal(await runScript(), "true false 2");
});
