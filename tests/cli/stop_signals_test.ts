import assert from "node:assert/strict";
import type { Host, SignalName } from "../../src/cli/host.ts";
import { StopSignals } from "../../src/cli/stop_signals.ts";
import type { Log } from "../../src/lib/log.ts";

/** A host whose signals are sent by hand; what is stopped and how it ends stands in `done`. */
function bench() {
  const done: string[] = [];
  const handlers = new Map<SignalName, () => void>();
  const host = {
    onSignal: (signal: SignalName, handler: () => void) => void handlers.set(signal, handler),
    onUncaught: () => {},
    exit: (code: number) => done.push(`exit ${code}`) as never,
  } as unknown as Host;
  const say = (message: string) => void done.push(message.split(";")[0]!);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const target = {
    log,
    stop: (signal: SignalName) => void done.push(`stop ${signal}`),
    flush: () => Promise.resolve(),
  };
  return { host, target, done, send: (signal: SignalName) => handlers.get(signal)?.() };
}

Deno.test("StopSignals stops in order at the first signal", () => {
  const { host, target, done, send } = bench();
  new StopSignals(host).serve(target);
  assert.deepEqual(done, []);
  send("SIGTERM");
  assert.deepEqual(done, ["Stopping on SIGTERM", "stop SIGTERM"]);
});

Deno.test("StopSignals keeps a signal that comes before there is anything to stop", () => {
  const { host, target, done, send } = bench();
  const signals = new StopSignals(host);
  send("SIGTERM");
  assert.deepEqual(done, []);
  signals.serve(target);
  assert.deepEqual(done, ["Stopping on SIGTERM", "stop SIGTERM"]);
});

Deno.test("StopSignals takes two signals within milliseconds for one", () => {
  const { host, target, done, send } = bench();
  const signals = new StopSignals(host);
  send("SIGINT");
  send("SIGINT");
  signals.serve(target);
  send("SIGINT");
  assert.deepEqual(done, ["Stopping on SIGINT", "stop SIGINT"]);
});
