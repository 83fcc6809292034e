import assert from "node:assert/strict";
import * as fs from "node:fs";
import { Agent } from "../src/agent.ts";
import { openCheckpointStore } from "../src/checkpoints/kv_checkpoint_store.ts";
import { ConfigError, type LoadedConfig, parseConfig } from "../src/config/load.ts";
import { periodOf } from "../src/delivery/logged_state.ts";
import type { Logger } from "../src/telemetry/logger.ts";
import { RecordingLog, until } from "./inputs/file/support.ts";

/** An agent in this process, in a directory of its own. */
class Life implements AsyncDisposable {
  readonly directory = fs.realpathSync(Deno.makeTempDirSync({ prefix: "agent-" }));
  readonly log = new RecordingLog();
  text = "";
  readonly agent: Agent;
  #stopped = false;

  constructor(once = false) {
    const log = this.log;
    const logger: Logger = {
      answer() {},
      named: () => log,
      configure() {},
      flush: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    this.agent = new Agent({
      configFile: "config.yaml",
      once,
      watchConfig: false,
      pollOnly: true,
      requireHealthy: false,
      logger,
      load: () => this.loaded(),
    });
  }
  path(name: string): string {
    return `${this.directory}/${name}`;
  }
  append(name: string, text: string): void {
    fs.appendFileSync(this.path(name), text);
  }
  read(name: string): string {
    return fs.existsSync(this.path(name)) ? fs.readFileSync(this.path(name), "utf8") : "";
  }
  input(glob: string, more = "", name = "in", checkpoints = "checkpoints"): string {
    const checkpointPath = this.path(checkpoints);
    return `    - {name: ${name}, paths: ["${
      this.path(glob)
    }"], checkpoint_path: ${checkpointPath}, poll_interval: 5ms${more}}\n`;
  }
  output(name: string): string {
    return `output: {type: file, path: "${this.path(name)}"}\n`;
  }
  /** The configuration from now on. */
  configure(inputs: string, rest: string): void {
    this.text = `inputs:\n  files:\n${inputs}${rest}`;
  }
  loaded(): Promise<LoadedConfig> {
    return parseConfig(this.text, "config.yaml", () => undefined);
  }
  async start(): Promise<void> {
    await this.agent.start(await this.loaded());
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.agent.stop("test");
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stopped) await this.stop();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

Deno.test("Agent delivers, applies a new configuration without losing a line, and stops", async () => {
  await using life = new Life();
  life.append("a.log", "one\n");
  life.configure(life.input("a.log"), life.output("first"));
  await life.start();
  await until("one", () => life.read("first") === "one\n");
  life.configure(life.input("*.log"), life.output("second"));
  life.append("b.log", "two\n");
  await life.agent.reload();
  life.append("a.log", "three\n");
  await until("both", () => life.read("second").length === 10);
  assert.equal(life.read("first"), "one\n");
  assert.deepEqual(life.read("second").split("\n").sort(), ["", "three", "two"]);
  await life.stop();
  assert.deepEqual(await life.agent.finished, { code: 0 });
  assert.deepEqual(life.agent.summary(), {
    lines_received: 3,
    lines_delivered: 3,
    lines_discarded: 0,
    lines_dead_lettered: 0,
    lines_unparsed: 0,
    lines_failed: 0,
    lines_in_flight: 0,
    outputs: { file: { received: 3, delivered: 3 } },
  });
  assert.deepEqual([...life.log.of("warn"), ...life.log.of("error")], []);
});

Deno.test("Agent refuses to start with parts that are not built, and lets go of what it had opened", async () => {
  await using life = new Life();
  life.configure(life.input("a.log"), `${life.output("out")}metrics: {enabled: true}\n`);
  await assert.rejects(life.start(), ConfigError);
  life.configure(life.input("a.log"), life.output("out"));
  await life.start();
});

Deno.test("Agent runs on with the old configuration when the new one cannot be applied", async () => {
  await using life = new Life();
  life.append("a.log", "");
  const inputs = life.input("a.log");
  const output = life.output("out");
  life.configure(inputs, output);
  await life.start();
  fs.writeFileSync(life.path("occupied"), "no directory");
  const bad: Record<string, () => void> = {
    "not valid": () => life.configure(life.input("a.log", ", no_such_key: 1"), output),
    "not built yet": () => life.configure(inputs, `${life.output("out")}metrics: {enabled: true}\n`),
    "checkpoints that cannot be opened": () =>
      life.configure(inputs + life.input("b.log", "", "other", "occupied/below"), life.output("elsewhere")),
  };
  let lines = "";
  for (const [what, configure] of Object.entries(bad)) {
    const errors = life.log.of("error").length;
    configure();
    await life.agent.reload();
    assert.ok(life.log.of("error").length > errors, what);
    assert.match(life.log.of("error").at(-1)!, /the old configuration runs on/, what);
    life.append("a.log", `${what}\n`);
    lines += `${what}\n`;
    await until(what, () => life.read("out") === lines);
  }
  assert.equal(life.read("elsewhere"), "");
  life.configure(inputs, life.output("last"));
  await life.agent.reload();
  life.append("a.log", "last\n");
  await until("the last line", () => life.read("last") === "last\n");
});

Deno.test("Agent stops within its deadline when an output takes nothing, and reads the rest at its next start", async () => {
  await using life = new Life();
  life.append("a.log", "one\n");
  // The output's directory cannot be made: it stands as a file.
  fs.writeFileSync(life.path("dead"), "");
  life.configure(life.input("a.log"), `${life.output("dead/out")}shutdown_timeout: 300ms\n`);
  await life.start();
  await until("the line", () => life.agent.summary().lines_in_flight === 1);
  const since = performance.now();
  await life.stop();
  assert.ok(performance.now() - since < 1500, "in time");
  assert.equal(life.agent.summary().lines_failed, 1);
  assert.equal(life.agent.summary().lines_in_flight, 0);
});

Deno.test("Agent stops within its deadline also while a reload waits for an output that takes nothing", async () => {
  await using life = new Life();
  life.append("a.log", "one\n");
  fs.writeFileSync(life.path("dead"), "");
  const rest = "shutdown_timeout: 300ms\n";
  life.configure(life.input("a.log"), life.output("dead/out") + rest);
  await life.start();
  await until("the line", () => life.agent.summary().lines_in_flight === 1);
  life.configure(life.input("a.log"), life.output("other") + rest);
  const reloaded = life.agent.reload();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const since = performance.now();
  await life.stop();
  await reloaded;
  assert.ok(performance.now() - since < 1500, "in time");
});

Deno.test("Agent's numbers add up at every instant", async () => {
  await using life = new Life();
  life.append("a.log", "");
  life.configure(life.input("a.log"), life.output("out"));
  await life.start();
  let instants = 0;
  const check = () => {
    const { lines_received, lines_delivered, lines_discarded, lines_failed, lines_in_flight } = life.agent
      .summary();
    assert.equal(lines_received, lines_delivered + lines_discarded + lines_failed + lines_in_flight);
    instants++;
  };
  for (let round = 0; round < 20; round++) {
    life.append("a.log", "line\n".repeat(2000));
    if (round === 10) {
      life.configure(life.input("a.log"), life.output("next"));
      await life.agent.reload();
    }
    for (let i = 0; i < 20; i++) {
      check();
      await (i % 2 === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve)));
    }
  }
  await until("all lines", () => life.agent.summary().lines_delivered === 40_000);
  check();
  assert.equal(life.read("out").length + life.read("next").length, 40_000 * 5);
  assert.ok(instants > 400);
});

Deno.test("Agent hands the files of a removed input to another one, at the byte where it was", async () => {
  await using life = new Life();
  life.append("a.log", "one\n");
  const [first, second] = [life.input("a.log", "", "first"), life.input("*.log", "", "second")];
  life.configure(first, life.output("out"));
  await life.start();
  await until("one", () => life.read("out") === "one\n");
  life.configure(first + second, life.output("out"));
  await life.agent.reload();
  life.append("b.log", "two\n");
  await until("two", () => life.read("out") === "one\ntwo\n");
  life.configure(second, life.output("out"));
  await life.agent.reload();
  life.append("a.log", "three\n");
  await until("three", () => life.read("out") === "one\ntwo\nthree\n");
});

Deno.test("Agent whose output was to lose its log goes on with it when another log cannot be opened", async () => {
  await using life = new Life();
  const wal = `wal: {enabled: true, dir: "${life.path("wal")}", sync_interval: 5ms}\n`;
  const outputs = (keys: string, more = "") =>
    `outputs:\n  - {name: a, type: file, path: "${life.path("out")}"${keys}}\n${more}${wal}`;
  const inputs = life.input("a.log");
  life.append("a.log", "one\n");
  life.configure(inputs, outputs(""));
  await life.start();
  await until("one", () => life.read("out") === "one\n");
  fs.writeFileSync(life.path("wal/b"), "no directory");
  life.configure(inputs, outputs(", buffer: {type: memory}", `  - {name: b, type: "null"}\n`));
  await life.agent.reload();
  assert.match(life.log.of("error").at(-1)!, /Cannot apply the new .*; the old configuration runs on/);
  life.append("a.log", "two\n");
  await until("two", () => life.read("out") === "one\ntwo\n");
  await life.stop();
  const times = { interval: 3_600_000, retention: Infinity };
  await using store = await openCheckpointStore({
    ...times,
    directory: life.path("checkpoints"),
    log: life.log,
  });
  const period = periodOf(store.stateOf("file:a"));
  assert.ok(period !== undefined);
  assert.ok(life.read("wal/a/cursor.0").includes(period) && life.read("wal/a/cursor.1").includes(period));
});
