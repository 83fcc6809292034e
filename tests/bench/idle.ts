import { join } from "node:path";
import { type Findings, megabytes, percent, type Row, type Target } from "./report.ts";
import { follow, pause, subjectsOf, usageOver } from "./running.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subjects.ts";

/** Quiet files have so many lines each. */
const LINES = 10;
/** The bare loop looks at all files this often, in ms, as the agent does by default. */
const PAUSE_MS = 250;

/** Has the subjects follow many files in which nothing happens. */
export async function measureIdle(stage: Stage): Promise<Findings[]> {
  const { files, idleSeconds, settle } = stage.sizes;
  const samples = stage.samples(files, files * LINES);
  const share: Partial<Record<Subject, number>> = {};
  const memory: Partial<Record<Subject, number>> = {};
  let missing = 0;
  for (const subject of subjectsOf(stage)) {
    stage.progress(`idle: ${subject} with ${files} quiet files for ${idleSeconds} s`);
    const directory = stage.fresh();
    Deno.mkdirSync(directory, { recursive: true });
    const output = join(directory, "output");
    Deno.writeTextFileSync(output, "");
    {
      await using running = follow(stage, { subject, ...samples, pause: PAUSE_MS, output });
      await pause(settle);
      const usage = await usageOver(running.pid, idleSeconds);
      if (usage !== undefined) {
        share[subject] = usage.share;
        memory[subject] = usage.last.memory;
      }
    }
    if (subject === "agent" && Deno.statSync(output).size !== samples.bytes) missing++;
  }
  const title = `Idle with ${files} quiet files`;
  const rows: Row[] = [
    { figure: "share of a core", values: share, format: percent },
    { figure: "memory", values: memory, format: megabytes },
  ];
  const targets: Target[] = share.agent === undefined
    ? []
    : [{ text: `${title}: under 1 % of a core`, value: percent(share.agent), met: share.agent < 0.01 }];
  return [{ title, rows, targets, missing }];
}
