import type { Consumption } from "./process_meter.ts";
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
import type { SampleFiles, SampleKind } from "./sample_files.ts";
import type { Stage } from "./stage.ts";
import { bareProcessCommand, configuredAgentCommand } from "./subjects.ts";

/** A kind of work that the agent and a bare loop do on the same lines. */
interface Work {
  readonly title: string;
  readonly lines: SampleKind;
  readonly bare: "json" | "json_changed" | "regex";
  /** Keys of the agent's configuration. */
  readonly keys: string;
}

const APACHE = String
  .raw`^(?<client>\S+) (?<ident>\S+) (?<auth>\S+) \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+) (?<protocol>[^"]*)" (?<status>\d+) (?<bytes>\d+|-) "(?<referrer>[^"]*)" "(?<agent>[^"]*)"$`;
const CHANGES = `transforms:
  - { type: remove, fields: [trace] }
  - { type: rename, rename: { method: verb } }
  - { type: add, add: { environment: production, region: eu } }
`;

const WORKS: readonly Work[] = [
  { title: "json", lines: "json", bare: "json", keys: "parser: { type: json }\n" },
  {
    title: "json, remove + rename + two adds",
    lines: "json",
    bare: "json_changed",
    keys: `parser: { type: json }\n${CHANGES}`,
  },
  {
    title: "json, the same under a condition",
    lines: "json",
    bare: "json_changed",
    keys: `parser: { type: json }\n${
      CHANGES.replaceAll("- { ", "- { if: 'level !== \"fatal\" && fields.status < 500', ")
    }`,
  },
  {
    title: "Apache, regex",
    lines: "apache",
    bare: "regex",
    keys: `parser:\n  type: regex\n  pattern: '${APACHE}'\n  time_format: common_log\n`,
  },
  {
    title: "Apache, grok",
    lines: "apache",
    bare: "regex",
    keys: 'parser:\n  type: grok\n  grok_pattern: "%{COMBINEDAPACHELOG}"\n',
  },
  { title: "Apache, by name", lines: "apache", bare: "regex", keys: "parser: { type: apache }\n" },
];

type Run = Pick<Consumption, "wall" | "cpu" | "memory"> & { readonly missing: number };

/** Parses, transforms and writes event JSON to the null device, beside a bare loop on the same lines. */
export async function measureProcessing(stage: Stage): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const work of WORKS) {
    const samples = stage.samples(1, stage.sizes.lines, work.lines);
    stage.progress(`processing: ${work.title}, ${samples.lines} lines`);
    const agent: Run[] = [];
    const bare: Run[] = [];
    // The first round fills the caches of the runtime and the system.
    for (let round = -1; round < stage.sizes.rounds; round++) {
      const results = [await runAgent(stage, samples, work), await runBare(stage, samples, work)] as const;
      if (round < 0) continue;
      agent.push(results[0]);
      bare.push(results[1]);
    }
    findings.push(findingsOf(work, samples, agent, bare));
  }
  return findings;
}

async function runAgent(stage: Stage, samples: SampleFiles, { keys }: Work): Promise<Run> {
  const command = configuredAgentCommand(stage.programs, stage.fresh(), samples.pattern, keys, "--once");
  const run = await stage.meter.run(command, "null");
  if (run.code !== 0) {
    throw new Error(`Cannot measure the agent: it ended with code ${run.code}: ${run.stderr}`);
  }
  const figure = (name: string) => Number(new RegExp(`"${name}":(\\d+)`).exec(run.stderr)?.[1] ?? 0);
  return { ...run, missing: samples.lines - figure("lines_delivered") + figure("lines_unparsed") };
}

async function runBare(stage: Stage, samples: SampleFiles, { bare }: Work): Promise<Run> {
  const run = await stage.meter.run(bareProcessCommand(bare, samples.paths), "null");
  if (run.code !== 0 || Number(run.stderr) !== samples.lines) {
    throw new Error(`Cannot measure the bare loop: it ended with code ${run.code}: ${run.stderr}`);
  }
  return { ...run, missing: 0 };
}

function findingsOf(work: Work, samples: SampleFiles, agent: readonly Run[], bare: readonly Run[]): Findings {
  const values = (of: (run: Run) => number | undefined): Row["values"] => {
    const [ours, theirs] = [agent, bare].map((runs) =>
      median(runs.map(of).filter((value) => value !== undefined))
    );
    return {
      ...(ours === undefined ? {} : { agent: ours }),
      ...(theirs === undefined ? {} : { bare: theirs }),
    };
  };
  const perWall = values(({ wall }) => samples.lines / wall);
  const perCpu = values(({ cpu }) => samples.lines / cpu);
  const memory = values((run) => run.memory);
  const rows: Row[] = [
    { figure: "lines", values: perWall, format: perSecond },
    { figure: "lines per processor second", values: perCpu, format: perSecond },
    { figure: "wall time", values: values(({ wall }) => wall), format: secondsText },
    { figure: "processor time", values: values(({ cpu }) => cpu), format: secondsText },
    { figure: "peak memory", values: memory, format: megabytes },
  ];
  const title = `Processing: ${work.title}, ${samples.lines} lines, ${(samples.bytes / 1e6).toFixed(0)} MB`;
  return {
    title,
    rows,
    targets: targetsOf(title, perWall, perCpu, memory),
    missing: agent.reduce((sum, { missing }) => sum + Math.max(0, missing), 0),
  };
}

function targetsOf(title: string, wall: Row["values"], cpu: Row["values"], memory: Row["values"]): Target[] {
  const core = (cpu.agent ?? 0) / (cpu.bare ?? 1);
  const speed = (wall.agent ?? 0) / (wall.bare ?? 1);
  const targets: Target[] = [
    { text: `${title}: at least 1/1.3 of the bare loop per core`, value: times(core), met: core >= 1 / 1.3 },
  ];
  if (navigator.hardwareConcurrency > 1) {
    targets.push({
      text: `${title}: at least 1.6 times the bare loop in wall time`,
      value: times(speed),
      met: speed >= 1.6,
    });
  }
  if (memory.agent !== undefined) {
    const value = megabytes(memory.agent);
    targets.push({ text: `${title}: peak memory under 200 MB`, value, met: memory.agent < 200e6 });
  }
  return targets;
}
