import type { FieldValue, Level } from "../../event.ts";
import { parseLevel } from "../../lib/level.ts";
import { FACILITIES, SEVERITIES } from "../../lib/syslog_names.ts";

const SEVERITY_OF_LEVEL: Readonly<Record<Level, number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
  fatal: 2,
};

/** Whatever has no other facility or severity. */
export const USER_FACILITY = 1;
export const INFO_SEVERITY = 6;

/** The number of a facility that is given by name (`local0`) or number; undefined: there is none such. */
export function facilityOf(value: FieldValue | undefined): number | undefined {
  return numberOf(value, FACILITIES);
}

/** The number of a severity that is given by name (`crit`), number, or as a level such as `warn`. */
export function severityOf(value: FieldValue | undefined): number | undefined {
  const number = numberOf(value, SEVERITIES);
  if (number !== undefined) return number;
  const level = parseLevel(value);
  return level === undefined ? undefined : SEVERITY_OF_LEVEL[level];
}

/** The severity of a level. */
export function severityOfLevel(level: Level | undefined): number {
  return level === undefined ? INFO_SEVERITY : SEVERITY_OF_LEVEL[level];
}

function numberOf(value: FieldValue | undefined, names: readonly string[]): number | undefined {
  if (typeof value === "string") {
    const number = names.indexOf(value.toLowerCase());
    if (number !== -1) return number;
  }
  const number = typeof value === "number" ? value : typeof value === "string" ? digits(value) : Number.NaN;
  return Number.isInteger(number) && number >= 0 && number < names.length ? number : undefined;
}

function digits(text: string): number {
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
