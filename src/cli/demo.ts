import example from "../../config.yaml.example" with { type: "text" };
import { Agent } from "../agent.ts";
import { parseConfig } from "../config/load.ts";
import { parseDuration } from "../lib/duration.ts";
import { narrowPermissions } from "../lib/permissions.ts";
import { sleep } from "../lib/sleep.ts";
import { startLogger } from "../telemetry/logger.ts";
import { UsageError } from "./command.ts";
import { LogGenerator } from "./demo/log_generator.ts";
import type { Host } from "./host.ts";
import { neededPermissions } from "./needed_permissions.ts";
import { onStopSignals } from "./stop_signals.ts";

export interface DemoOptions {
  /** After which the demo ends by itself, for example `5s`. */
  readonly duration: string | undefined;
}

/** How long the demo waits at its end for a line to arrive, in milliseconds. */
const PATIENCE = 5000;

/**
 * Runs the agent on the example configuration, in a temporary folder in which log files are written and rotated.
 * Resolves with 0 if every line that was written was delivered, otherwise with 1.
 */
export async function runDemo(options: DemoOptions, host: Host): Promise<number> {
  const duration = options.duration === undefined ? undefined : parseDuration(options.duration);
  if (options.duration !== undefined && duration === undefined) {
    throw new UsageError(`"${options.duration}" is no time; write for example 5s or 1m30s`);
  }
  const directory = await Deno.makeTempDir({ prefix: "logaggregator-demo-" });
  try {
    return await runIn(directory, duration, host);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function runIn(directory: string, duration: number | undefined, host: Host): Promise<number> {
  const load = () => {
    const env = (name: string) => name === "LOGAGGREGATOR_DEMO_DIR" ? directory : undefined;
    return parseConfig(example, "config.yaml.example", env);
  };
  const loaded = await load();
  const needs = neededPermissions(loaded, false).filter(({ name }) => name === "read" || name === "write");
  const all = { path: directory, why: "the demo's folder" };
  await narrowPermissions([...needs, { name: "read", ...all }, { name: "write", ...all }]);

  await using logger = await startLogger(loaded.config.logging);
  const stop = new AbortController();
  onStopSignals({
    host,
    log: logger.named("demo"),
    stop: () => stop.abort(),
    flush: () => logger.flush(100),
  });
  const agent = new Agent({
    configFile: loaded.file,
    once: false,
    watchConfig: false,
    pollOnly: false,
    requireHealthy: false,
    logger,
    load,
  });
  const generator = new LogGenerator(directory);
  await agent.start(loaded);
  generator.start();
  // The agent ends by itself when nobody reads stdout any more.
  void agent.finished.then(() => stop.abort());
  await sleep(duration ?? 2 ** 31 - 1, stop.signal);
  generator.stop();
  await allDelivered(agent, generator.lines);
  await agent.stop("end of the demo");
  await logger.flush();
  return tell(generator.lines, agent.summary().lines_delivered);
}

/** Resolves when that many lines have arrived, or when nothing has for a while. */
async function allDelivered(agent: Agent, lines: number): Promise<void> {
  const ended = new AbortController();
  void agent.finished.then(() => ended.abort());
  let delivered = -1;
  let since = performance.now();
  while (!ended.signal.aborted && performance.now() - since < PATIENCE) {
    const now = agent.summary().lines_delivered;
    if (now >= lines) return;
    if (now > delivered) since = performance.now();
    delivered = now;
    await sleep(10, ended.signal);
  }
}

function tell(written: number, delivered: number): number {
  const count = (number: number) => number.toLocaleString("en-US");
  const verdict = delivered === written ? "nothing lost" : `${count(Math.abs(written - delivered))} lines ` +
    (delivered < written ? "not delivered" : "too many");
  console.error(`demo: ${count(written)} lines written, ${count(delivered)} delivered, ${verdict}`);
  return delivered === written ? 0 : 1;
}
