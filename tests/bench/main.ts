import { parseArgs } from "node:util";
import { bench, type Part, PARTS } from "./bench.ts";
import { OUTPUT_NAMES, type OutputName } from "./outputs_servers.ts";
import { tableOf, targetsOf } from "./report.ts";
import { FULL, type Sizes } from "./sizes.ts";

const USAGE =
  `Usage: deno task bench [PART…] [--lines N] [--rounds N] [--only OUTPUTS] [--program FILE] [--no-rsyslog]

Measures the whole process, beside a bare loop of the runtime and beside rsyslog where it is installed.
  PART          ${Object.keys(PARTS).join(", ")}; all unless told
  --lines       lines of the throughput runs (${FULL.lines}; to each output ${FULL.outputLines})
  --rounds      how often each throughput run is repeated; the median counts (${FULL.rounds})
  --only        of the part outputs only these, such as kafka,s3; with it, no other part runs unless told
  --program     another src/main.ts, or an executable that deno task compile has built
  --no-rsyslog  leave rsyslog out`;

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    lines: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string" },
    program: { type: "string" },
    "no-rsyslog": { type: "boolean" },
    help: { type: "boolean" },
  },
});
const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name);
const isOutput = (name: string): name is OutputName => OUTPUT_NAMES.some((known) => known === name);
const number = (text: string | undefined, otherwise: number) => text === undefined ? otherwise : Number(text);
const only = values.only?.split(",");
const sizes: Sizes = {
  ...FULL,
  lines: number(values.lines, FULL.lines),
  rounds: number(values.rounds, FULL.rounds),
  outputLines: number(values.lines, FULL.outputLines),
  outputs: only?.filter(isOutput),
};
const isUsable = positionals.every(isPart) && (only ?? []).every(isOutput) && sizes.lines >= 1 &&
  sizes.rounds >= 1;

if (values.help || !isUsable) {
  console.error(`${USAGE}\n\nOutputs: ${OUTPUT_NAMES.join(", ")}`);
  Deno.exit(values.help ? 0 : 2);
}

const named = positionals.length === 0 && only !== undefined
  ? ["outputs" as const]
  : positionals.filter(isPart);
const findings = await bench({
  parts: named.length > 0 ? named : Object.keys(PARTS).filter(isPart),
  sizes,
  program: values.program,
  withRsyslog: !values["no-rsyslog"],
  progress: (text) => console.error(text),
});
const missing = findings.reduce((sum, each) => sum + each.missing, 0);
console.log(`\n${tableOf(findings)}\n\nTargets (a missed one fails nothing):\n${targetsOf(findings)}`);
console.log(missing === 0 ? "\nNo line is missing." : `\nMISSING: ${missing} lines did not arrive.`);
Deno.exit(missing === 0 ? 0 : 1);
