import type { Level } from "../../../src/event.ts";
import type { JsonSplicePlan } from "../../../src/processing/json_splice/json_splice.ts";

export const SOURCE = 'C:\\logs\\"ä".log';
export const RECEIVED_AT = Date.UTC(2026, 10, 25, 10, 0, 0, 5);

const WORDS: Record<string, Level> = {
  debug: "debug",
  info: "info",
  information: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "fatal",
};

/** Functions of a plan, simple enough to be seen through. */
export const FUNCTIONS = {
  parseTime(value: string | number): number {
    if (typeof value === "number") return value >= 1e9 && value < 1e10 ? value * 1000 : NaN;
    return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value) ? Date.parse(value.replace(" ", "T") + "Z") : NaN;
  },
  formatTime: (milliseconds: number): string => new Date(milliseconds).toISOString(),
  parseLevel: (word: string): Level | undefined => {
    const lower = word.toLowerCase();
    return Object.hasOwn(WORDS, lower) ? WORDS[lower] : undefined;
  },
};

/** A plan with the usual names. */
export function planOf(plan: Partial<JsonSplicePlan> = {}): JsonSplicePlan {
  return {
    timeFields: ["timestamp", "time", "ts"],
    levelFields: ["level", "severity"],
    messageFields: ["msg", "message"],
    steps: [],
    ...FUNCTIONS,
    ...plan,
  };
}

function isCanonical(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?Z$/.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 &&
    second < 60;
}

/** The event of a line as the general path makes it, as a value. Throws where the line is no JSON object. */
export function referenceEvent(plan: JsonSplicePlan, line: string): unknown {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
  const fields = new Map<string, unknown>(Object.entries(value));
  let timestamp = plan.formatTime(RECEIVED_AT);
  for (const name of plan.timeFields) {
    const field = fields.get(name);
    if (typeof field !== "string" && typeof field !== "number") continue;
    const canonical = typeof field === "string" && isCanonical(field);
    const time = canonical ? 0 : plan.parseTime(field);
    if (Number.isNaN(time)) continue;
    timestamp = canonical ? field : plan.formatTime(time);
    fields.delete(name);
    break;
  }
  let level: Level | undefined;
  for (const name of plan.levelFields) {
    const field = fields.get(name);
    level = typeof field === "string" ? plan.parseLevel(field) : undefined;
    if (level === undefined) continue;
    fields.delete(name);
    break;
  }
  let message = "";
  for (const name of plan.messageFields) {
    const field = fields.get(name);
    if (typeof field !== "string" && typeof field !== "number" && typeof field !== "boolean") continue;
    message = String(field);
    fields.delete(name);
    break;
  }
  for (const step of plan.steps) {
    if (step.kind === "remove") {
      for (const name of step.names) fields.delete(name);
    } else if (step.kind === "keep") {
      for (const name of [...fields.keys()]) if (!step.names.includes(name)) fields.delete(name);
    } else if (step.kind === "rename") {
      if (!fields.has(step.from) || step.from === step.to) continue;
      fields.set(step.to, fields.get(step.from));
      fields.delete(step.from);
    } else if (step.kind === "add" && (step.overwrite || !fields.has(step.name))) {
      fields.set(step.name, JSON.parse(step.json));
    }
  }
  const event: Record<string, unknown> = {
    timestamp,
    message,
    source: SOURCE,
    fields: Object.fromEntries(fields),
  };
  if (level !== undefined) event.level = level;
  return event;
}
