import type { Host, SignalName } from "./cli/host.ts";

// Nothing is imported before this: until there is a listener, SIGUSR1 ends the process.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGUSR1", closeDebugger);

/** How long after a SIGUSR1 a debugger is looked for, in milliseconds. */
const DEBUGGER_GUARD_TIME = 2000;
let debuggerGuardedUntil = 0;

/**
 * On SIGUSR1 Deno opens a debugger on 127.0.0.1:9229, without asking for a permission and whether or not there is a
 * listener: any local user could run code in this process, and log rotation scripts do send that signal. It opens
 * some milliseconds after the listener is called, so closing it is repeated for a while.
 */
async function closeDebugger(): Promise<void> {
  const isGuarding = performance.now() < debuggerGuardedUntil;
  const start = performance.now();
  debuggerGuardedUntil = start + DEBUGGER_GUARD_TIME;
  if (isGuarding) return;
  const { default: inspector } = await import("node:inspector");
  while (performance.now() < debuggerGuardedUntil) {
    inspector.close();
    const soon = debuggerGuardedUntil - performance.now() > DEBUGGER_GUARD_TIME - 100;
    await new Promise((resolve) => setTimeout(resolve, soon ? 1 : 20));
  }
}

const WINDOWS_SIGNALS: ReadonlySet<SignalName> = new Set<SignalName>(["SIGINT", "SIGBREAK"]);

const host: Host = {
  onSignal(signal: SignalName, handler: () => void): void {
    const known = Deno.build.os === "windows" ? WINDOWS_SIGNALS.has(signal) : signal !== "SIGBREAK";
    if (known) Deno.addSignalListener(signal, handler);
  },
  onUncaught(handler: (error: unknown) => void): void {
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      handler(event.error ?? event.message);
    });
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      handler(event.reason);
    });
  },
  exit: Deno.exit,
};

const { runProgram } = await import("./cli/program.ts");
Deno.exit(await runProgram(Deno.args, host));
