import { join } from "node:path";
import { type Findings, median, millisecondsText, type Target } from "./report.ts";
import type { Stage } from "./stage.ts";
import { agentCommand, bareCopyCommand, rsyslogCommand, type Subject } from "./subjects.ts";
import { subjectsOf } from "./running.ts";

const PATIENCE_MS = 10_000;

/** Measures the time from the start of a process to the first byte that it delivers. */
export async function measureStart(stage: Stage): Promise<Findings[]> {
  const times: Record<Subject, number[]> = { agent: [], bare: [], rsyslog: [] };
  const samples = stage.samples(1, 1);
  stage.progress("start: from the start of the process to the first line");
  for (let round = -1; round < stage.sizes.starts; round++) {
    for (const subject of subjectsOf(stage)) {
      const directory = stage.fresh();
      const time = {
        agent: () => untilFirstByte(agentCommand(stage.programs, directory, samples.pattern)),
        bare: () => untilFirstByte(bareCopyCommand(samples.paths)),
        rsyslog: () => {
          const output = join(directory, "output");
          const { rsyslog = "" } = stage.programs;
          return untilFileHasBytes(rsyslogCommand(rsyslog, directory, samples.pattern, output), output);
        },
      }[subject]();
      if (round < 0) await time;
      else times[subject].push(await time);
    }
  }
  const values: Partial<Record<Subject, number>> = {};
  for (const subject of subjectsOf(stage)) values[subject] = median(times[subject]) ?? NaN;
  const { agent = NaN } = values;
  const targets: Target[] = [
    { text: "Start to first line under 0.3 s", value: millisecondsText(agent), met: agent < 300 },
  ];
  const missing = times.agent.filter((time) => !Number.isFinite(time)).length;
  const rows = [{ figure: "start of the process to its first byte", values, format: millisecondsText }];
  return [{ title: "Start to first line", rows, targets, missing }];
}

/** Milliseconds; infinite when it ends without a line. */
async function untilFirstByte([program = "", ...args]: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  const time = performance.now() - begin;
  child.kill("SIGTERM");
  await reader.cancel();
  await child.status;
  return done ? Infinity : time;
}

async function untilFileHasBytes([program = "", ...args]: readonly string[], path: string): Promise<number> {
  const begin = performance.now();
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  let time = 0;
  while (time < PATIENCE_MS && !hasBytes(path)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    time = performance.now() - begin;
  }
  child.kill("SIGKILL");
  await child.status;
  return time;
}

function hasBytes(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false;
  }
}
