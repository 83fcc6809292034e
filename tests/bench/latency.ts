import { join } from "node:path";
import { type Findings, megabytes, millisecondsText, percent, type Row, type Target } from "./report.ts";
import { follow, pause, subjectsOf, usageOver } from "./running.ts";
import type { Stage } from "./stage.ts";
import type { Arrival } from "./stamped_lines.ts";
import { scriptCommand, type Subject } from "./subjects.ts";

interface Run extends Arrival {
  readonly missing: number;
  readonly share: number | undefined;
  readonly peak: number | undefined;
}

/** How long the last lines may take, in seconds. */
const PATIENCE_SECONDS = 20;

/** Writes stamped lines at steady rates while a subject follows the file, and measures how old they are at its end. */
export async function measureLatency(stage: Stage): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const rate of stage.sizes.rates) {
    const runs: Partial<Record<Subject, Run>> = {};
    for (const subject of subjectsOf(stage)) {
      stage.progress(`latency: ${subject} at ${rate} lines/s`);
      runs[subject] = await measure(stage, subject, rate);
    }
    findings.push(findingsOf(rate, runs));
  }
  return findings;
}

async function measure(stage: Stage, subject: Subject, rate: number): Promise<Run> {
  const { settle, warmUp, latencySeconds } = stage.sizes;
  const directory = stage.fresh();
  Deno.mkdirSync(directory, { recursive: true });
  const log = join(directory, "app.log");
  const output = join(directory, "output");
  Deno.writeTextFileSync(log, "");
  const isFile = subject === "rsyslog";
  if (isFile) Deno.writeTextFileSync(output, "");
  else await command(["mkfifo", output]);

  const lines = Math.floor(rate * (warmUp + latencySeconds));
  const arrived = startReader({ output, isFile, skip: warmUp * 1000, lines });
  const usage = await (async () => {
    await using running = follow(stage, { subject, pattern: log, paths: [log], pause: 1, output });
    await pause(settle);
    const writer = scriptCommand("steady_writer", ["--allow-write"], [log, String(rate), String(lines)]);
    const [usage] = await Promise.all([
      pause(warmUp).then(() => usageOver(running.pid, latencySeconds)),
      command(writer),
    ]);
    // A subject that is stopped does not read on, so it is stopped only when all is there.
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, PATIENCE_SECONDS * 1000);
    await Promise.race([arrived, patience.promise]);
    clearTimeout(timer);
    return usage;
  })();
  const arrival = JSON.parse(await arrived) as Arrival;
  const missing = Math.max(0, lines - arrival.lines);
  return { ...arrival, missing, share: usage?.share, peak: usage?.last.peak };
}

interface ReaderOptions {
  /** A FIFO, or a file that grows. */
  readonly output: string;
  readonly isFile: boolean;
  /** Milliseconds at the beginning that do not count. */
  readonly skip: number;
  readonly lines: number;
}

function startReader({ output, isFile, skip, lines }: ReaderOptions): Promise<string> {
  const args = [String(skip), String(lines), ...isFile ? [output] : []];
  const reader = scriptCommand("arrival_reader", ["--allow-read"], args);
  return command(["sh", "-c", 'input=$1; shift; exec "$@" <"$input"', "sh", output, ...reader]);
}

/** Runs a command and answers its stdout. */
async function command([program = "", ...args]: readonly string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "inherit" })
    .output();
  if (code !== 0) throw new Error(`Cannot measure: "${program} ${args.join(" ")}" ended with code ${code}`);
  return new TextDecoder().decode(stdout);
}

function findingsOf(rate: number, runs: Partial<Record<Subject, Run>>): Findings {
  const title = `Write to arrival at ${rate} lines/s`;
  const row = (figure: string, of: (run: Run) => number | undefined, format: Row["format"]): Row => {
    const values: Partial<Record<Subject, number>> = {};
    for (const [subject, run] of Object.entries(runs)) {
      const value = of(run);
      if (value !== undefined) values[subject as Subject] = value;
    }
    return { figure, values, format };
  };
  const rows = [
    row("half arrive within", ({ p50 }) => p50, millisecondsText),
    row("99 % arrive within", ({ p99 }) => p99, millisecondsText),
    row("all arrive within", ({ max }) => max, millisecondsText),
    row("share of a core", ({ share }) => share, percent),
    row("peak memory", ({ peak }) => peak, megabytes),
  ];
  const { agent, bare } = runs;
  const targets: Target[] = [];
  if (agent !== undefined) {
    targets.push({
      text: `${title}: p99 under 5 ms`,
      value: millisecondsText(agent.p99),
      met: agent.p99 < 5,
    });
    if (rate >= 100_000 && agent.share !== undefined) {
      const value = percent(agent.share);
      targets.push({ text: `${title}: under 10 % of a core`, value, met: agent.share < 0.1 });
      // The target was set where the bare loop took 4 %; how fast a machine is shows in the bare loop.
      if (bare?.share !== undefined) {
        const times = agent.share / bare.share;
        targets.push({
          text: `${title}: under 2.5 times the bare loop's share`,
          value: times.toFixed(2),
          met: times < 2.5,
        });
      }
    }
  }
  return { title, rows, targets, missing: agent?.missing ?? 0 };
}
