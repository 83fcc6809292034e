import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import type { Log, LogFields } from "../lib/log.ts";
import type { LogEntry, LogLevel } from "./log_entry.ts";
import { consoleFormatter, formatJson, type LogFormatter } from "./log_format.ts";
import { kindOf, RepeatLimiter, shapeOf } from "./repeat_limiter.ts";
import { type ByteSink, StderrWriter } from "./stderr_writer.ts";

export type { LogLevel } from "./log_entry.ts";
export type LogFormat = "json" | "console";

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Replaced in tests. */
  readonly sink?: ByteSink;
  /** Whether `console` lines are colored; by default if stderr is a terminal and `NO_COLOR` is not set. */
  readonly color?: boolean;
}

/** The agent's own log. One is in use at a time in a process: starting another takes over. */
export interface Logger extends AsyncDisposable {
  /** A log whose lines carry this component's name. */
  named(component: string): Log;
  /** Tells what was asked for, whatever the level is, and however often it is asked. */
  answer(component: string, message: string, fields: LogFields): void;
  /** Changes level and format of all logs, also of those handed out before. */
  configure(options: { level: LogLevel; format: LogFormat }): void;
  /** Writes what is held back and resolves once all lines have left the process, after `timeout` ms at the latest. */
  flush(timeout?: number): Promise<void>;
}

/** In this time, at most 5 messages of one shape pass, and at most 50 that differ only in the names they quote. */
const REPEAT_WINDOW = 10_000;
const SAME_SHAPE_LIMIT = 5;
const SAME_KIND_LIMIT = 50;

const OUR_LEVEL: Readonly<Record<LogRecord["level"], LogLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
  fatal: "fatal",
};

/** LogTape keeps its configuration for the whole process; only the logger that set it may reset it. */
let current: StderrLogger | undefined;

class StderrLogger implements Logger {
  readonly #writer: StderrWriter;
  readonly #color: boolean;
  readonly #shapes: RepeatLimiter;
  readonly #kinds: RepeatLimiter;
  #format: LogFormatter = formatJson;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  constructor(options: LoggerOptions) {
    this.#writer = new StderrWriter(options.sink ?? Deno.stderr);
    this.#color = options.color ?? (!Deno.noColor && Deno.stderr.isTerminal());
    const window = REPEAT_WINDOW;
    this.#kinds = new RepeatLimiter({
      limit: SAME_KIND_LIMIT,
      window,
      key: kindOf,
      pass: (entry) => this.#writer.write(this.#format(entry)),
    });
    this.#shapes = new RepeatLimiter({
      limit: SAME_SHAPE_LIMIT,
      window,
      key: shapeOf,
      pass: (entry) => this.#kinds.take(entry),
    });
    this.configure(options);
  }

  named(component: string): Log {
    const logger = getLogger(["logaggregator", component]);
    return {
      debug: (message, fields) => logger.debug(message, { ...fields }),
      info: (message, fields) => logger.info(message, { ...fields }),
      warn: (message, fields) => logger.warn(message, { ...fields }),
      error: (message, fields) => logger.error(message, { ...fields }),
    };
  }

  answer(component: string, message: string, fields: LogFields): void {
    const entry: LogEntry = { time: Date.now(), level: "info", component, message, fields };
    this.#writer.write(this.#format(entry));
  }

  configure(options: { level: LogLevel; format: LogFormat }): void {
    this.#format = options.format === "json" ? formatJson : consoleFormatter(this.#color);
    configureSync({
      reset: true,
      sinks: { stderr: (record) => this.#take(record) },
      loggers: [
        {
          category: "logaggregator",
          lowestLevel: options.level === "warn" ? "warning" : options.level,
          sinks: ["stderr"],
        },
        { category: ["logtape", "meta"], lowestLevel: "fatal", sinks: ["stderr"] },
      ],
    });
    current = this;
  }

  async flush(timeout = 1000): Promise<void> {
    this.#shapes.expire();
    this.#kinds.expire();
    await this.#writer.flush(timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.flush();
    if (current === this) {
      current = undefined;
      resetSync();
    }
  }

  #take(record: LogRecord): void {
    const entry: LogEntry = {
      time: record.timestamp,
      level: OUR_LEVEL[record.level],
      component: record.category.slice(1).join("."),
      // Not LogTape's own rendering: braces in a quoted path are no placeholders.
      message: typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join(""),
      fields: record.properties as LogFields,
    };
    // Who asks for debug lines wants to see each of them.
    if (entry.level === "debug") return this.#writer.write(this.#format(entry));
    this.#shapes.take(entry);
    this.#schedule();
  }

  #schedule(): void {
    const next = Math.min(this.#shapes.nextEnd ?? Infinity, this.#kinds.nextEnd ?? Infinity);
    if (next === Infinity || next >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#shapes.expire(Date.now());
      this.#kinds.expire(Date.now());
      this.#schedule();
    }, Math.max(0, next - Date.now()) + 1);
    Deno.unrefTimer(this.#timer);
  }
}

/** Starts the agent's own log on stderr. */
export function startLogger(options: LoggerOptions): Promise<Logger> {
  return Promise.resolve(new StderrLogger(options));
}
