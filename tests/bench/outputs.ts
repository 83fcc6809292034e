import type { Destination, Missing } from "./outputs_destinations.ts";
import { DESTINATIONS, OUTPUT_NAMES, type OutputName } from "./outputs_servers.ts";
import type { Consumption } from "./process_meter.ts";
import { type Findings, median, megabytes, type Row, secondsText, type Target, times } from "./report.ts";
import { pause } from "./running.ts";
import type { SampleFiles } from "./sample_files.ts";
import type { Stage } from "./stage.ts";
import { configuredAgentCommand, scriptCommand } from "./subjects.ts";

/** Who brings the lines: the agent to the output, the agent to the `null` output, and a script with the same client. */
type Sender = "agent" | "null" | "bare";
type Run = Pick<Consumption, "wall" | "cpu" | "memory"> & { readonly missing: number };
/** A run, and what its later lines alone took. */
type WholeRun = Run & {
  readonly later: { readonly lines: number; readonly wall: number; readonly cpu: number };
};
type Runs = Readonly<Record<Sender, WholeRun[]>>;

const SENDERS: readonly Sender[] = ["agent", "null", "bare"];
/** Servers may show a moment later what they have taken; so long nothing may come until it counts as missing. */
const PATIENCE_MS = 10_000;
/** The default of buffer.max_bytes. */
const SMALLEST_ROOM = 16 * 1024 * 1024;
/** Starts, workers and compilers take their time: speed is told by what lines beyond this share take. */
const WARMING = 1 / 3;

/** Brings a file to each output, beside the `null` output and a bare producer with the output's client. */
export async function measureOutputs(stage: Stage): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const name of stage.sizes.outputs ?? OUTPUT_NAMES) {
    stage.progress(`outputs: ${name}`);
    const place = stage.fresh();
    Deno.mkdirSync(place, { recursive: true });
    const destination: Destination | Missing = await DESTINATIONS[name](place);
    if ("missing" in destination) {
      stage.progress(`outputs: ${name} is left out: ${destination.missing}`);
      continue;
    }
    try {
      findings.push(await measureOutput(stage, name, destination));
    } finally {
      await destination[Symbol.asyncDispose]();
      Deno.removeSync(place, { recursive: true });
    }
  }
  return findings;
}

async function measureOutput(stage: Stage, name: OutputName, destination: Destination): Promise<Findings> {
  const { rounds, outputLines } = stage.sizes;
  const samples = stage.samples(1, Math.ceil(outputLines * (destination.share ?? 1)));
  const { events, bytes, concurrency } = destination.batching;
  const title = `File to ${name} (${destination.server}), ${samples.lines} lines, ${
    (samples.bytes / 1e6).toFixed(0)
  } MB, batches of ${events} or ${(bytes / 1e6).toFixed(0)} MB, ${concurrency} at once`;
  const first = stage.samples(1, Math.floor(samples.lines * WARMING));
  const all = await measure(stage, name, destination, samples, first, rounds);
  return findingsOf(name, title, samples.lines, all);
}

async function measure(
  stage: Stage,
  name: OutputName,
  destination: Destination,
  samples: SampleFiles,
  first: SampleFiles,
  rounds: number,
): Promise<Runs> {
  const runs: Runs = { agent: [], null: [], bare: [] };
  // The first round fills the caches of the runtime, the system and the server.
  for (let round = -1; round < rounds; round++) {
    for (const sender of SENDERS) {
      if (sender === "null" && name === "null") continue;
      const type = sender === "null" ? "null" : name;
      const whole = await measureRun(stage, type, destination, samples, sender);
      if (round < 0) continue;
      const part = await measureRun(stage, type, destination, first, sender);
      const later = {
        lines: samples.lines - first.lines,
        wall: whole.wall - part.wall,
        cpu: whole.cpu - part.cpu,
      };
      runs[sender].push({ ...whole, later, missing: whole.missing + part.missing });
    }
  }
  return runs;
}

async function measureRun(
  stage: Stage,
  name: OutputName,
  destination: Destination,
  samples: SampleFiles,
  sender: Sender,
): Promise<Run> {
  const counted = sender === "null" ? undefined : destination.count?.bind(destination);
  if (counted !== undefined) await destination.empty?.();
  const before = await counted?.() ?? 0;
  const command = sender === "bare"
    ? bareCommand(name, destination, samples)
    : agentCommand(stage, name, destination, samples);
  const run = await stage.meter.run(command, "null");
  if (run.code !== 0) {
    throw new Error(`Cannot measure ${sender} with ${name}: code ${run.code}: ${run.stderr}`);
  }
  const told = Number(
    (sender === "bare" ? /(\d+)\s*$/ : /"lines_delivered":(\d+)/).exec(run.stderr)?.[1] ?? 0,
  );
  const arrived = counted === undefined ? told : await settled(counted, before, samples.lines);
  return { ...run, missing: Math.max(0, samples.lines - arrived) };
}

/** How many lines have come, once all of them have, or no more do. */
async function settled(
  count: () => number | Promise<number>,
  before: number,
  wanted: number,
): Promise<number> {
  let arrived = await count() - before;
  for (let since = performance.now(); arrived < wanted && performance.now() - since < PATIENCE_MS;) {
    await pause(0.05);
    const now = await count() - before;
    if (now > arrived) since = performance.now();
    arrived = now;
  }
  return arrived;
}

function agentCommand(
  stage: Stage,
  type: OutputName,
  { batching: { events, bytes, concurrency }, block }: Destination,
  samples: SampleFiles,
): string[] {
  const batches = { batch_size: events, batch_bytes: bytes, batch_timeout: "1s" };
  const keys = type === "null" ? {} : type === "file" ? block() : { ...batches, ...block() };
  const output = JSON.stringify({ type, [type]: keys });
  // What is being sent counts too; a buffer that is much larger than that would only delay the first send.
  const room = Math.max(SMALLEST_ROOM, 4 * bytes * concurrency);
  return configuredAgentCommand(
    stage.programs,
    stage.fresh(),
    samples.pattern,
    `output: ${output}\nbuffer: { size: 200000, max_bytes: ${room} }\n`,
    "--once",
  );
}

function bareCommand(kind: OutputName, { batching, bare }: Destination, { paths }: SampleFiles): string[] {
  // What the libraries of Kafka, S3 and NATS want to know of the system, beside files and the network.
  const flags = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-net=127.0.0.1"];
  return scriptCommand("bare_send", flags, [JSON.stringify({ kind, batch: batching, ...bare() }), ...paths]);
}

function findingsOf(name: OutputName, title: string, lines: number, runs: Runs): Findings {
  const of = (sender: Sender, figure: (run: WholeRun) => number | undefined) =>
    median(runs[sender].map(figure).filter((value) => value !== undefined)) ?? NaN;
  const values = (value: (sender: Sender) => number): Row["values"] => ({
    agent: value("agent"),
    bare: value("bare"),
  });
  // Tiny runs may be shorter than what their lengths differ by chance.
  const laterWall = (sender: Sender) => Math.max(of(sender, ({ later }) => later.wall), 1e-3);
  const laterCpu = (sender: Sender) => Math.max(of(sender, ({ later }) => later.cpu), 1e-3);
  const later = of("agent", (run) => run.later.lines);
  const rows: Row[] = [
    {
      figure: "lines",
      values: values((sender) => lines / of(sender, ({ wall }) => wall)),
      format: thousands,
    },
    {
      figure: "lines, the first third taken off",
      values: values((sender) => later / laterWall(sender)),
      format: thousands,
    },
    {
      figure: "lines per processor second, likewise",
      values: values((sender) => later / laterCpu(sender)),
      format: thousands,
    },
    { figure: "wall time", values: values((sender) => of(sender, ({ wall }) => wall)), format: secondsText },
    {
      figure: "processor time",
      values: values((sender) => of(sender, ({ cpu }) => cpu)),
      format: secondsText,
    },
    {
      figure: "peak memory",
      values: values((sender) => of(sender, ({ memory }) => memory)),
      format: megabytes,
    },
  ];
  if (name !== "null") {
    rows.push(
      {
        figure: "null output: lines, the first third taken off",
        values: { agent: later / laterWall("null") },
        format: thousands,
      },
      {
        figure: "speed as a share of that",
        values: { agent: laterWall("null") / laterWall("agent") },
        format: times,
      },
      {
        figure: "processor time as a multiple of that",
        values: { agent: laterCpu("agent") / laterCpu("null") },
        format: times,
      },
    );
  }
  return {
    title,
    rows,
    targets: targetsOf(name, laterWall("bare") / laterWall("agent"), laterCpu("agent") / laterCpu("bare")),
    missing: Object.values(runs).flat().reduce((sum, { missing }) => sum + missing, 0),
  };
}

function thousands(value: number): string {
  return `${(value / 1e3).toFixed(1)} k/s`;
}

function targetsOf(name: OutputName, speed: number, work: number): Target[] {
  return [
    {
      text: `Output ${name}: at least 0.7 times the speed of the bare producer`,
      value: times(speed),
      met: speed >= 0.7,
    },
    {
      text: `Output ${name}: at most 2 times its processor time`,
      value: times(work),
      met: work <= 2,
    },
  ];
}
