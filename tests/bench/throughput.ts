import { join } from "node:path";
import { type Consumption, usageOf } from "./process_meter.ts";
import {
  type Findings,
  median,
  megabytes,
  perSecond,
  type Row,
  secondsText,
  type Target,
  times,
} from "./report.ts";
import type { SampleFiles } from "./sample_files.ts";
import type { Stage } from "./stage.ts";
import { agentCommand, bareCopyCommand, rsyslogCommand, type Subject } from "./subjects.ts";

type Run = Pick<Consumption, "wall" | "cpu" | "memory"> & { readonly missing: number };
type Runs = Readonly<Record<Subject, Run[]>>;

const PAUSE_MS = 2;
const PATIENCE_MS = 60_000;

/** Brings files that are complete to stdout, or with rsyslog to a file, since it cannot write to stdout and end. */
export async function measureThroughput(stage: Stage): Promise<Findings[]> {
  const { sizes } = stage;
  const nothing = await measure(stage, stage.samples(1, 1), "null");
  const findings: Findings[] = [findingsOf("Start and stop: one line, /dev/null", nothing, 1)];
  for (const files of [1, sizes.files]) {
    const samples = stage.samples(files, sizes.lines);
    const what = `${files} ${files === 1 ? "file" : "files"}, ${samples.lines} lines`;
    for (const stdout of ["null", "pipe"] as const) {
      stage.progress(`throughput: ${what} to ${stdout}`);
      const runs = await measure(stage, samples, stdout);
      const title = `${what}, ${(samples.bytes / 1e6).toFixed(0)} MB, to ${
        stdout === "null" ? "/dev/null" : "a pipe"
      }`;
      findings.push(findingsOf(title, runs, samples.lines, nothing));
    }
  }
  return findings;
}

async function measure(stage: Stage, samples: SampleFiles, stdout: "null" | "pipe"): Promise<Runs> {
  const runs: Runs = { agent: [], bare: [], rsyslog: [] };
  // The first round fills the caches of the runtime and the system.
  for (let round = -1; round < stage.sizes.rounds; round++) {
    const results = {
      agent: await runAgent(stage, samples, stdout),
      bare: await runBare(stage, samples, stdout),
      rsyslog: await runRsyslog(stage, samples),
    };
    if (round < 0) continue;
    runs.agent.push(results.agent);
    runs.bare.push(results.bare);
    if (results.rsyslog !== undefined) runs.rsyslog.push(results.rsyslog);
  }
  return runs;
}

async function runAgent(stage: Stage, samples: SampleFiles, stdout: "null" | "pipe"): Promise<Run> {
  const command = agentCommand(stage.programs, stage.fresh(), samples.pattern, "--once");
  const run = await stage.meter.run(command, stdout);
  if (run.code !== 0) {
    throw new Error(`Cannot measure the agent: it ended with code ${run.code}: ${run.stderr}`);
  }
  const delivered = Number(/"lines_delivered":(\d+)/.exec(run.stderr)?.[1] ?? 0);
  const cut = run.piped !== undefined && run.piped !== samples.bytes;
  return { ...run, missing: Math.max(samples.lines - delivered, cut ? 1 : 0) };
}

async function runBare(stage: Stage, samples: SampleFiles, stdout: "null" | "pipe"): Promise<Run> {
  const run = await stage.meter.run(bareCopyCommand(samples.paths), stdout);
  if (run.code !== 0 || Number(run.stderr) !== samples.lines) {
    throw new Error(`Cannot measure the bare loop: it ended with code ${run.code}: ${run.stderr}`);
  }
  return { ...run, missing: 0 };
}

async function runRsyslog(stage: Stage, samples: SampleFiles): Promise<Run | undefined> {
  const { rsyslog } = stage.programs;
  if (rsyslog === undefined) return undefined;
  const directory = stage.fresh();
  const output = join(directory, "output");
  const [program = "", ...args] = rsyslogCommand(rsyslog, directory, samples.pattern, output);
  const begin = performance.now();
  const child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  try {
    while (sizeOf(output) < samples.bytes) {
      if (performance.now() - begin > PATIENCE_MS) {
        throw new Error(
          `Cannot measure rsyslog: ${sizeOf(output)} of ${samples.bytes} bytes arrived in a minute`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    const wall = (performance.now() - begin) / 1000;
    const usage = await usageOf(child.pid);
    return { wall, cpu: usage?.cpu ?? NaN, memory: usage?.peak, missing: 0 };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    Deno.removeSync(directory, { recursive: true });
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

function findingsOf(title: string, runs: Runs, lines: number, nothing?: Runs): Findings {
  const values = (of: (run: Run) => number | undefined, from = runs) => {
    const entries = (Object.keys(from) as Subject[]).map((subject) =>
      [subject, median(from[subject].map(of).filter((value) => value !== undefined))] as const
    );
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Row["values"];
  };
  const wall = values(({ wall }) => wall);
  const cpu = values(({ cpu }) => cpu);
  const memory = values(({ memory }) => memory);
  const rows: Row[] = [
    { figure: "wall time", values: wall, format: secondsText },
    { figure: "processor time", values: cpu, format: secondsText },
    { figure: "peak memory", values: memory, format: megabytes },
  ];
  const missing = runs.agent.reduce((sum, run) => sum + run.missing, 0);
  if (nothing === undefined) return { title, rows, targets: [], missing };
  const speed = mapValues(wall, (value) => lines / value);
  rows.unshift({ figure: "lines", values: speed, format: perSecond });
  const startWall = values(({ wall }) => wall, nothing);
  const startCpu = values(({ cpu }) => cpu, nothing);
  rows.splice(
    1,
    0,
    {
      figure: "lines, start and stop taken off",
      values: mapValues(wall, (value, subject) => lines / Math.max(value - (startWall[subject] ?? 0), 1e-3)),
      format: perSecond,
    },
    {
      figure: "lines per processor second, likewise",
      values: mapValues(cpu, (value, subject) => lines / Math.max(value - (startCpu[subject] ?? 0), 1e-3)),
      format: perSecond,
    },
  );
  return { title, rows, targets: targetsOf(title, speed, memory), missing };
}

function targetsOf(title: string, speed: Row["values"], memory: Row["values"]): Target[] {
  const targets: Target[] = [];
  const { agent = 0, bare, rsyslog } = speed;
  if (bare !== undefined) {
    const ratio = agent / bare;
    targets.push({
      text: `${title}: at least 0.5 times the bare loop`,
      value: times(ratio),
      met: ratio >= 0.5,
    });
  }
  if (rsyslog !== undefined) {
    const ratio = agent / rsyslog;
    targets.push({ text: `${title}: at least 8 times rsyslog`, value: times(ratio), met: ratio >= 8 });
  }
  if (memory.agent !== undefined) {
    const value = megabytes(memory.agent);
    targets.push({ text: `${title}: peak memory under 80 MB`, value, met: memory.agent < 80e6 });
  }
  return targets;
}

function mapValues(
  values: Row["values"],
  change: (value: number, subject: Subject) => number,
): Row["values"] {
  return Object.fromEntries(
    Object.entries(values).map(([subject, value]) => [subject, change(value, subject as Subject)]),
  );
}
