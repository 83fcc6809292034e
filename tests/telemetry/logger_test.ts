import assert from "node:assert/strict";
import { type LoggerOptions, startLogger } from "../../src/telemetry/logger.ts";

/** Takes at most three bytes a time, as a full pipe does. */
class SlowSink {
  text = "";
  readonly #decoder = new TextDecoder();
  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, 3);
    this.text += this.#decoder.decode(part, { stream: true });
    return Promise.resolve(part.byteLength);
  }
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

async function logged(
  options: Partial<LoggerOptions>,
  use: (logger: Awaited<ReturnType<typeof startLogger>>) => void | Promise<void>,
): Promise<string[]> {
  const sink = new SlowSink();
  const logger = await startLogger({ level: "info", format: "json", color: false, ...options, sink });
  await use(logger);
  await logger[Symbol.asyncDispose]();
  return sink.lines;
}

Deno.test("Logger writes one JSON object a line with time, level, component, message, then the fields", async () => {
  const lines = await logged({}, (logger) => {
    logger.named("input files-0").warn('Cannot read "/var/{a}/äöü"', { path: "/x", level: 3, attempts: 2n });
  });
  assert.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    level: "warn",
    component: "input files-0",
    message: 'Cannot read "/var/{a}/äöü"',
    path: "/x",
    level_: 3,
    attempts: "2",
  });
});

Deno.test("Logger answers whatever the level is, and however often it is asked", async () => {
  const lines = await logged({ level: "error" }, (logger) => {
    for (let i = 0; i < 20; i++) logger.answer("agent", "Summary", { lines: 1 });
  });
  assert.equal(lines.length, 20);
  const { time: _, ...rest } = JSON.parse(lines[0]!);
  assert.deepEqual(rest, { level: "info", component: "agent", message: "Summary", lines: 1 });
});

Deno.test("Logger shows the causes of an error in both formats", async () => {
  const error = new TypeError("Cannot send", { cause: new Error("Cannot connect", { cause: "no route" }) });
  const json = await logged({}, (logger) => logger.named("x").error("Failed", { error }));
  assert.deepEqual(JSON.parse(json[0]!).error, {
    name: "TypeError",
    message: "Cannot send",
    cause: { name: "Error", message: "Cannot connect", cause: "no route" },
  });
  const text = await logged({ format: "console" }, (logger) => logger.named("x").error("Failed", { error }));
  assert.match(
    text[0]!,
    /ERROR x Failed error="TypeError: Cannot send; caused by Cannot connect; caused by \\"no route\\""$/,
  );
});

Deno.test("Logger never fails on fields that JSON cannot hold", async () => {
  const circular: Record<string, unknown> = {
    at: new Date(NaN),
    set: new Set([1]),
    map: new Map([["a", 1]]),
  };
  circular["self"] = circular;
  const lines = await logged({}, (logger) => logger.named("x").info("Odd", { circular, missing: undefined }));
  assert.equal(JSON.parse(lines[0]!).circular.at, "invalid date");
});

Deno.test("Logger shows levels from the configured one on, and takes another at a reload", async () => {
  const lines = await logged({ format: "console" }, (logger) => {
    const log = logger.named("x");
    log.debug("one");
    log.info("two");
    logger.configure({ level: "error", format: "json" });
    log.warn("three");
    log.error("four");
  });
  assert.deepEqual(lines.map((line) => line.replace(/^[\d:.]+ /, "").replace(/"time":"[^"]+",/, "")), [
    "INFO  x two",
    '{"level":"error","component":"x","message":"four"}',
  ]);
});

Deno.test("Logger lets no text from outside start a line or control the terminal", async () => {
  const lines = await logged({ format: "console" }, (logger) => {
    logger.named("x").info("name\n\x1b[2J", { value: "a\u009bb" });
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /name\\n\\x1b\[2J value=a\\x9bb$/);
});

Deno.test("Logger colors console lines only when told that a terminal shows them", async () => {
  const write = (logger: Awaited<ReturnType<typeof startLogger>>) => logger.named("x").info("m");
  assert.ok((await logged({ format: "console", color: true }, write))[0]!.includes("\x1b[32mINFO "));
  assert.ok(!(await logged({ format: "console" }, write))[0]!.includes("\x1b"));
});

Deno.test("Logger holds back the repetitions of a message and sums them up", async () => {
  const lines = await logged({}, (logger) => {
    const log = logger.named("x");
    for (let i = 1; i <= 20; i++) log.warn(`Cannot read "/a": next try in ${i}s (attempt ${i})`);
    log.warn('Cannot read "/b": next try in 1s (attempt 1)');
  });
  const entries = lines.map((line) => JSON.parse(line));
  assert.equal(entries.length, 7);
  assert.match(entries[5].message, /"\/b"/);
  assert.equal(entries[6].message, 'Cannot read "/a": next try in 20s (attempt 20) … repeated 15 times');
  assert.equal(entries[6].repeated, 15);
  assert.equal(entries[6].level, "warn");
});

Deno.test("Logger also bounds a flood of messages that differ only in the file they name", async () => {
  const lines = await logged({}, (logger) => {
    const log = logger.named("x");
    for (let i = 0; i < 500; i++) log.warn(`Cannot read "/${i}.log": permission denied`);
  });
  assert.equal(lines.length, 51);
  assert.match(lines[50]!, /repeated 450 times/);
});

Deno.test("Logger goes on quietly when stderr is closed", async () => {
  const sink = { write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) };
  const logger = await startLogger({ level: "info", format: "json", sink });
  for (let i = 0; i < 10; i++) logger.named("x").info(`m ${"x".repeat(i)}`);
  await logger.flush();
  await logger[Symbol.asyncDispose]();
});

Deno.test("Logger drops and counts lines rather than grow when nobody reads stderr", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = "";
  const sink = {
    async write(bytes: Uint8Array): Promise<number> {
      await promise;
      text += new TextDecoder().decode(bytes);
      return bytes.byteLength;
    },
  };
  const logger = await startLogger({ level: "debug", format: "json", sink });
  for (let i = 0; i < 300; i++) logger.named("x").debug("x".repeat(10_000));
  await logger.flush(1);
  resolve();
  await logger.flush();
  logger.named("x").info("after");
  await logger[Symbol.asyncDispose]();
  assert.match(text, /… 19\d log lines dropped, since nobody read them\n.*"after"/s);
});
