import { parseArgs } from "node:util";
import { bench, type Part, PARTS } from "./bench.ts";
import { tableOf, targetsOf } from "./report.ts";
import { FULL } from "./sizes.ts";

const USAGE = `Usage: deno task bench [PART…] [--lines N] [--rounds N] [--program FILE] [--no-rsyslog]

Measures the whole process, beside a bare loop of the runtime and beside rsyslog where it is installed.
  PART          ${Object.keys(PARTS).join(", ")}; all unless told
  --lines       lines of the throughput runs (${FULL.lines})
  --rounds      how often each throughput run is repeated; the median counts (${FULL.rounds})
  --program     another src/main.ts, or an executable that deno task compile has built
  --no-rsyslog  leave rsyslog out`;

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    lines: { type: "string" },
    rounds: { type: "string" },
    program: { type: "string" },
    "no-rsyslog": { type: "boolean" },
    help: { type: "boolean" },
  },
});
const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name);
const number = (text: string | undefined, otherwise: number) => text === undefined ? otherwise : Number(text);
const sizes = {
  ...FULL,
  lines: number(values.lines, FULL.lines),
  rounds: number(values.rounds, FULL.rounds),
};
const isUsable = positionals.every(isPart) && sizes.lines >= 1 && sizes.rounds >= 1;

if (values.help || !isUsable) {
  console.error(USAGE);
  Deno.exit(values.help ? 0 : 2);
}

const named = positionals.filter(isPart);
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
