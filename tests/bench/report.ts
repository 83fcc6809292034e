import type { Subject } from "./subjects.ts";

/** One figure of all subjects. */
export interface Row {
  readonly figure: string;
  readonly values: Readonly<Partial<Record<Subject, number>>>;
  /** How a value is written. */
  readonly format: (value: number) => string;
}

/** What an issue asks for. */
export interface Target {
  readonly text: string;
  readonly value: string;
  readonly met: boolean;
}

/** What a part of the benchmark found. */
export interface Findings {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
  /** How many lines did not arrive, over all runs: the only thing that makes a benchmark fail. */
  readonly missing: number;
}

const HEADINGS = ["", "agent", "bare loop", "agent/bare", "rsyslog", "agent/rsyslog"];

/** Writes findings as one table. */
export function tableOf(findings: readonly Findings[]): string {
  const lines: (readonly string[] | string)[] = [HEADINGS];
  for (const { title, rows } of findings) lines.push(title, ...rows.map(cells));
  const widths = HEADINGS.map((_, column) =>
    Math.max(...lines.map((line) => typeof line === "string" ? 0 : line[column]?.length ?? 0))
  );
  return lines.map((line) => {
    if (typeof line === "string") return `\n${line}`;
    return line.map((cell, column) =>
      column === 0 ? `  ${cell.padEnd(widths[0] ?? 0)}` : cell.padStart(widths[column] ?? 0)
    ).join("  ").trimEnd();
  }).join("\n");
}

/** Writes the targets, each with whether it is met. */
export function targetsOf(findings: readonly Findings[]): string {
  return findings.flatMap(({ targets }) => targets)
    .map(({ text, value, met }) => `  ${met ? "met   " : "missed"}  ${text}: ${value}`).join("\n");
}

function cells({ figure, values, format }: Row): string[] {
  const { agent, bare, rsyslog } = values;
  const written = (value: number | undefined) => value === undefined ? "-" : format(value);
  const ratio = (other: number | undefined) =>
    agent === undefined || other === undefined || other === 0 ? "-" : `${(agent / other).toFixed(2)}`;
  return [figure, written(agent), written(bare), ratio(bare), written(rsyslog), ratio(rsyslog)];
}

export const perSecond = (value: number): string => `${(value / 1e6).toFixed(2)} M/s`;
export const secondsText = (value: number): string => `${value.toFixed(3)} s`;
export const millisecondsText = (value: number): string => `${value.toFixed(2)} ms`;
export const megabytes = (value: number): string => `${(value / 1e6).toFixed(1)} MB`;
export const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;
export const times = (value: number): string => `${value.toFixed(2)} times`;

/** The value in the middle; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
