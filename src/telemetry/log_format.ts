import type { LogEntry, LogLevel } from "./log_entry.ts";

/** Turns an entry into one line, without the line terminator. */
export type LogFormatter = (entry: LogEntry) => string;

const OWN_KEYS: ReadonlySet<string> = new Set(["time", "level", "component", "message"]);

/** An error as plain JSON: its name, message, code and, where they exist, its causes. */
interface PlainError {
  name: string;
  message: string;
  code?: unknown;
  errors?: unknown[];
  cause?: unknown;
}

function plainError(error: Error, depth: number): PlainError {
  const plain: PlainError = { name: error.name, message: error.message };
  if ("code" in error && error.code !== undefined) plain.code = error.code;
  if (error instanceof AggregateError) plain.errors = error.errors.map((each) => plainValue(each, depth + 1));
  if (error.cause !== undefined) plain.cause = plainValue(error.cause, depth + 1);
  return plain;
}

/** What JSON cannot hold becomes text, so that a log call never throws. Nesting ends at 8 levels. */
function plainValue(value: unknown, depth: number): unknown {
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") {
    return String(value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth > 8) return "…";
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (value instanceof URL) return value.href;
  if (value instanceof Map) return plainValue(Object.fromEntries(value), depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value, (each: unknown) => plainValue(each, depth + 1));
  }
  const plain: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) plain[key] = plainValue(each, depth + 1);
  return plain;
}

/** One JSON object a line. A field named like one of our own keys gets a trailing underscore. */
export const formatJson: LogFormatter = (entry) => {
  const line: Record<string, unknown> = {
    time: new Date(entry.time).toISOString(),
    level: entry.level,
    component: entry.component,
    message: entry.message,
  };
  for (const [key, value] of Object.entries(entry.fields)) {
    line[OWN_KEYS.has(key) ? `${key}_` : key] = plainValue(value, 0);
  }
  return JSON.stringify(line);
};

const COLORS: Readonly<Record<LogLevel, number>> = { debug: 90, info: 32, warn: 33, error: 31, fatal: 35 };

function paint(text: string, code: number): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

/** Text from outside must neither start a new line nor send control sequences to the terminal. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => {
    if (char === "\n") return "\\n";
    if (char === "\t") return "\\t";
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

function consoleError(error: Error, depth: number): string {
  const own = error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
  if (error.cause === undefined || depth > 8) return own;
  const cause = error.cause instanceof Error
    ? consoleError(error.cause, depth + 1)
    : consoleValue(error.cause);
  return `${own}; caused by ${cause}`;
}

function consoleValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(consoleError(value, 0));
  if (typeof value === "string") return /^[^\s"=\\]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(plainValue(value, 0)) ?? "undefined";
}

/** `12:31:02.123 WARN  component message key=value`, in local time, for people. */
export function consoleFormatter(color: boolean): LogFormatter {
  const dim = (text: string) => color ? paint(text, 90) : text;
  return (entry) => {
    const time = new Date(entry.time);
    const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
      .map((part) => String(part).padStart(2, "0")).join(":");
    const level = entry.level.toUpperCase().padEnd(5);
    const fields = Object.entries(entry.fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${dim(`${key}=`)}${printable(consoleValue(value))}`);
    return [
      dim(`${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`),
      color ? paint(level, COLORS[entry.level]) : level,
      dim(entry.component),
      printable(entry.message) + fields.join(""),
    ].join(" ");
  };
}
