import type { Host } from "./host.ts";
import { ReloadRequests } from "./reload_requests.ts";
import type { RunOptions } from "./run_agent.ts";
import { StopSignals } from "./stop_signals.ts";

/**
 * Runs the agent until a signal, or with `once` until all is delivered. Resolves with the exit code. Throws
 * ConfigError and MissingPermissionsError, which are told on stderr as they are.
 */
export async function run(options: RunOptions, host: Host): Promise<number> {
  // Before all else: loading the rest takes long enough for a signal to come.
  const requests = { reloads: new ReloadRequests(), stops: new StopSignals(host) };
  host.onSignal("SIGHUP", requests.reloads.request);
  const { runAgent } = await import("./run_agent.ts");
  return await runAgent(options, host, requests);
}
