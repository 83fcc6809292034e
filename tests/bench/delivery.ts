import { join } from "node:path";
import type { Arrival } from "./stamped_lines.ts";
import {
  type Findings,
  median,
  megabytes,
  millisecondsText,
  percent,
  perSecond,
  type Row,
  secondsText,
  type Target,
  times,
} from "./report.ts";
import { pause, usageOver } from "./running.ts";
import type { Stage } from "./stage.ts";
import { configuredAgentCommand, scriptCommand } from "./subjects.ts";

interface Run {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number | undefined;
  readonly missing: number;
}

/** What the sink has taken so far. */
interface Sink extends AsyncDisposable {
  readonly url: string;
  /** How many lines have arrived. */
  count(): Promise<number>;
  /** Takes no lines while it is at that. */
  figures(): Promise<Arrival>;
}

const RATE = 100_000;
const PATIENCE_MS = 30_000;

/** Sends files to a server on this machine, with the buffer in memory and with the write-ahead log. */
export async function measureDelivery(stage: Stage): Promise<Findings[]> {
  return [await measureThroughput(stage), await measureSustained(stage)];
}

async function measureThroughput(stage: Stage): Promise<Findings> {
  const samples = stage.samples(1, stage.sizes.lines);
  const title = `File to HTTP, ${samples.lines} lines, ${
    (samples.bytes / 1e6).toFixed(0)
  } MB, requests of 1 MB`;
  stage.progress(`delivery: ${title}`);
  const runs: Record<"memory" | "log" | "bare", Run[]> = { memory: [], log: [], bare: [] };
  await using sink = await startSink(0);
  // The first round fills the caches of the runtime and the system.
  for (let round = -1; round < stage.sizes.rounds; round++) {
    for (const subject of ["memory", "log", "bare"] as const) {
      const before = await sink.count();
      const command = subject === "bare"
        ? scriptCommand("bare_post", ["--allow-read", "--allow-net=127.0.0.1"], [sink.url, ...samples.paths])
        : agentCommand(stage, samples.pattern, sink, subject === "log", "1s", "--once");
      const run = await stage.meter.run(command, "null");
      if (run.code !== 0) throw new Error(`Cannot measure ${subject}: code ${run.code}: ${run.stderr}`);
      const missing = Math.max(0, samples.lines - (await sink.count() - before));
      if (round >= 0) runs[subject].push({ ...run, missing });
    }
  }
  const of = (subject: keyof typeof runs, figure: (run: Run) => number | undefined): number =>
    median(runs[subject].map(figure).filter((value) => value !== undefined)) ?? NaN;
  const row = (
    figure: string,
    subject: "memory" | "log",
    value: (run: Run) => number | undefined,
    format: Row["format"],
  ): Row => ({
    figure: `${figure}, ${subject === "log" ? "write-ahead log" : "memory"}`,
    values: { agent: of(subject, value), bare: of("bare", value) },
    format,
  });
  const rate = ({ wall }: Run) => samples.lines / wall;
  const rows = (["memory", "log"] as const).flatMap((subject) => [
    row("lines", subject, rate, perSecond),
    row("processor time", subject, ({ cpu }) => cpu, secondsText),
    row("peak memory", subject, ({ memory }) => memory, megabytes),
  ]);
  const share = of("log", rate) / of("memory", rate);
  return {
    title,
    rows,
    targets: [
      {
        text: `${title}: the log costs at most 35 % of throughput`,
        value: percent(1 - share),
        met: share >= 0.65,
      },
    ],
    missing: Object.values(runs).flat().reduce((sum, run) => sum + run.missing, 0),
  };
}

async function measureSustained(stage: Stage): Promise<Findings> {
  const { sustainedSeconds: seconds, warmUp, settle } = stage.sizes;
  const rate = Math.min(RATE, Math.max(...stage.sizes.rates));
  const title = `Write to receipt over HTTP at ${rate} events/s for ${seconds} s, write-ahead log on`;
  stage.progress(`delivery: ${title}`);
  const lines = Math.floor(rate * (warmUp + seconds));
  const directory = stage.fresh();
  Deno.mkdirSync(directory, { recursive: true });
  const log = join(directory, "app.log");
  Deno.writeTextFileSync(log, "");
  await using sink = await startSink(warmUp * 1000);
  const [program = "", ...args] = agentCommand(stage, log, sink, true, "20ms");
  const stderr = await Deno.open(join(directory, "stderr"), { create: true, write: true });
  const agent = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  const told = agent.stderr.pipeTo(stderr.writable);
  let usage: Awaited<ReturnType<typeof usageOver>>;
  try {
    await pause(settle);
    const [writer = "", ...options] = scriptCommand("steady_writer", ["--allow-write"], [
      log,
      String(rate),
      String(lines),
    ]);
    const written = new Deno.Command(writer, { args: options, stdin: "null", stdout: "null" }).output();
    usage = await pause(warmUp).then(() => usageOver(agent.pid, seconds));
    await written;
    const patience = performance.now() + PATIENCE_MS;
    while (await sink.count() < lines && performance.now() < patience) await pause(0.05);
  } finally {
    agent.kill("SIGTERM");
    await Promise.all([agent.status, told]);
  }
  const arrival = await sink.figures();
  const values = {
    p50: arrival.p50,
    p99: arrival.p99,
    share: usage?.share ?? NaN,
    peak: usage?.last.peak ?? NaN,
  };
  const targets: Target[] = [
    { text: `${title}: p99 under 100 ms`, value: millisecondsText(values.p99), met: values.p99 < 100 },
    { text: `${title}: memory under 200 MB`, value: megabytes(values.peak), met: values.peak < 200e6 },
    {
      text: `${title}: keeps up`,
      value: times(arrival.lines / lines),
      met: arrival.lines === lines,
    },
  ];
  return {
    title,
    rows: [
      { figure: "half arrive within", values: { agent: values.p50 }, format: millisecondsText },
      { figure: "99 % arrive within", values: { agent: values.p99 }, format: millisecondsText },
      { figure: "all arrive within", values: { agent: arrival.max }, format: millisecondsText },
      { figure: "share of a core", values: { agent: values.share }, format: percent },
      { figure: "peak memory", values: { agent: values.peak }, format: megabytes },
    ],
    targets,
    missing: Math.max(0, lines - arrival.lines),
  };
}

/** The command line of the agent that sends files to a sink. */
function agentCommand(
  stage: Stage,
  pattern: string,
  sink: Sink,
  withLog: boolean,
  batchTimeout: string,
  ...args: readonly string[]
): string[] {
  const directory = stage.fresh();
  const keys = `output:
  type: http
  http: { endpoint: "${sink.url}", batch_size: 100000, batch_bytes: 1MiB, batch_timeout: ${batchTimeout} }
buffer: { size: 100000 }
wal: { enabled: ${withLog}, dir: ${JSON.stringify(join(directory, "wal"))} }
`;
  return configuredAgentCommand(stage.programs, directory, pattern, keys, ...args);
}

async function startSink(skip: number): Promise<Sink> {
  const [program = "", ...args] = scriptCommand("http_sink", ["--allow-net=127.0.0.1"], [String(skip)]);
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}/`;
  return {
    url,
    count: async () => (await (await fetch(`${url}count`)).json()).lines,
    figures: async () => await (await fetch(url)).json(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
