import type { Agent } from "../agent.ts";
import { ConfigError, type LoadedConfig } from "../config/load.ts";
import type { Log } from "../lib/log.ts";
import { flagsOf, MissingPermissionsError, narrowPermissions } from "../lib/permissions.ts";
import type { PermissionNeed } from "../lib/permission.ts";
import { type Logger, type LogLevel, startLogger } from "../telemetry/logger.ts";
import { occupyDebuggerPort } from "./debugger_port.ts";
import { Environment } from "./environment.ts";
import { namingTheFlag } from "./explain_error.ts";
import type { Host } from "./host.ts";
import { loadPermitted } from "./load_configuration.ts";
import type { ReloadRequests } from "./reload_requests.ts";
import type { StopSignals } from "./stop_signals.ts";

/** What the command line says. */
export interface RunOptions {
  readonly config: string;
  readonly once: boolean;
  readonly watchConfig: boolean;
  readonly pollOnly: boolean;
  /** Start only if every output is healthy. */
  readonly requireHealthy: boolean;
  /** Replaces `logging.level` of the configuration. */
  readonly logLevel: LogLevel | undefined;
  /** Give up no permission, so that a reload may need what the configuration does not need now. */
  readonly keepPermissions: boolean;
}

/** What signals ask for, also those that came before this was loaded. */
export interface SignalRequests {
  readonly reloads: ReloadRequests;
  readonly stops: StopSignals;
}

const RELOAD_REMEDY = "restart to apply it, with these flags (--keep-permissions keeps them for reloads)";

/** How long an immediate end waits for the last log lines, in milliseconds. */
const LAST_WORDS_TIME = 100;

/** Does what {@link run} in `run.ts` promises. */
export async function runAgent(
  options: RunOptions,
  host: Host,
  { reloads, stops }: SignalRequests,
): Promise<number> {
  const environment = new Environment();
  const load = async (intent: string, remedy: string) => {
    const { config: file, watchConfig } = options;
    const { loaded, needs } = await loadPermitted({ file, environment, watchConfig, intent, remedy });
    return { loaded: withLogLevel(loaded, options.logLevel), needs };
  };
  const { loaded, needs } = await load("start", "add these flags to deno run, before the program");
  await using logger = await startLogger(loaded.config.logging);
  const log = logger.named("agent");
  endOnUncaught(host, logger, log);
  const debuggerIsShut = await occupyDebuggerPort();
  if (!options.keepPermissions) await narrow(needs, log);

  const { Agent } = await import("../agent.ts");
  const agent = new Agent({
    configFile: options.config,
    once: options.once,
    watchConfig: options.watchConfig,
    pollOnly: options.pollOnly,
    requireHealthy: options.requireHealthy,
    logger,
    load: async () => (await load("apply the new configuration", RELOAD_REMEDY)).loaded,
  });
  listen(agent, host, logger, log, stops);
  if (!debuggerIsShut) warnOfDebugger(host, log);
  try {
    await agent.start(loaded);
  } catch (error) {
    const named = namingTheFlag(error, "start");
    if (named instanceof MissingPermissionsError || named instanceof ConfigError) throw named;
    const message = error instanceof Error ? error.message : String(error);
    log.error(message.startsWith("Cannot ") ? message : `Cannot start: ${message}`, { error });
    return 1;
  }
  reloads.serve(async () => {
    try {
      await agent.reload();
    } catch (error) {
      log.error("Cannot reload: the running configuration stays", { error });
    }
  });
  const { code } = await agent.finished;
  return code;
}

function withLogLevel(loaded: LoadedConfig, level: LogLevel | undefined): LoadedConfig {
  if (level === undefined) return loaded;
  return { ...loaded, config: { ...loaded.config, logging: { ...loaded.config.logging, level } } };
}

function endOnUncaught(host: Host, logger: Logger, log: Log): void {
  host.onUncaught((error) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("Ended by a defect: nothing caught this error", {
      error: namingTheFlag(error, "go on"),
      stack,
    });
    void logger.flush(LAST_WORDS_TIME).finally(() => host.exit(1));
  });
}

/** Gives up what the configuration does not need. The environment is in memory by now, so all of it goes. */
async function narrow(needs: readonly PermissionNeed[], log: Log): Promise<void> {
  const kept = needs.filter((need) => need.name !== "env");
  const { excess } = await narrowPermissions(kept);
  log.info("Gave up all permissions but those that the configuration needs", { kept: flagsOf(kept) });
  for (const permission of excess) log.warn(`Cannot give up ${permission}`);
}

function listen(agent: Agent, host: Host, logger: Logger, log: Log, stops: StopSignals): void {
  stops.serve({
    log,
    stop: (signal) => void agent.stop(signal),
    flush: () => logger.flush(LAST_WORDS_TIME),
  });
  host.onSignal("SIGUSR2", () => logger.answer("agent", "Summary", { ...agent.summary() }));
}

function warnOfDebugger(host: Host, log: Log): void {
  host.onSignal("SIGUSR1", () => {
    log.warn(
      "SIGUSR1 does nothing here (SIGHUP reloads), but Deno opens a debugger on it, which is closed again within " +
        "milliseconds; with --allow-net=127.0.0.1:9229 that port is shut for good",
    );
  });
}
