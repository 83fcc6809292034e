import { Buffer } from "node:buffer";
import type { AgentProcess } from "./agent_process.ts";
import type { Delivered } from "./delivered.ts";
import { jsonLines } from "./event_lines.ts";
import { LineWriter } from "./line_writer.ts";
import { assertDelivered } from "./oracle.ts";
import { copyAndTruncate, HeldLog, renameAndCreate, type RotationOptions } from "./rotator.ts";
import { pause } from "./wait.ts";
import type { Block, Workspace } from "./workspace.ts";

/** How lines are processed: not at all, in the main thread or workers, or joined first. */
const PROCESSING = ["none", "json", "transforms", "multiline"] as const;
const COMPRESSION = ["none", "none", "at once", "delayed"] as const;
const NAMES = ["numbers", "numbers", "times"] as const;

/** What befalls files and agents in a round; all of it follows from the seed. Times are in ms. */
export interface KillRound {
  readonly seed: number;
  readonly files: number;
  readonly linesPerSecond: number;
  readonly rotation: "rename" | "copy";
  readonly compression: typeof COMPRESSION[number];
  readonly names: typeof NAMES[number];
  /** A file is rotated after so many writes, of which there are up to 250 a second. */
  readonly rotateAfter: number;
  /** Writes that still go to a renamed file before its successor is opened. */
  readonly reopenAfter: number;
  /** A write may end within a line, which the next one finishes. */
  readonly pieces: boolean;
  readonly processing: typeof PROCESSING[number];
  readonly wal: boolean;
  readonly checkpointInterval: number;
  readonly kills: number;
  /** Share of agents that are asked to reload before they are killed. */
  readonly reloads: number;
  /** Share of agents that stand still for a while. */
  readonly freezes: number;
  /** Longest life of an agent, and longest time until the next one. */
  readonly life: number;
  readonly absence: number;
}

/** The round that belongs to a seed. */
export function drawRound(seed: number): KillRound {
  const random = randomNumbers(seed);
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const oneOf = <T>(choices: readonly T[]): T => choices[between(0, choices.length - 1)]!;
  return {
    seed,
    files: between(1, 3),
    linesPerSecond: between(500, 5000),
    rotation: oneOf(["rename", "copy"]),
    compression: oneOf(COMPRESSION),
    names: oneOf(NAMES),
    rotateAfter: between(12, 90),
    reopenAfter: oneOf([0, 0, 3]),
    pieces: oneOf([false, false, true]),
    processing: oneOf(PROCESSING),
    wal: oneOf([true, false, false]),
    checkpointInterval: oneOf([50, 200, 1000, 3000]),
    kills: between(2, 8),
    reloads: oneOf([0, 0, 0.3, 1]),
    freezes: oneOf([0, 0, 0.5]),
    life: oneOf([300, 700, 1500]),
    absence: oneOf([0, 0, 300, 1000]),
  };
}

/**
 * Rotates files under load while agents that deliver them to a file are started, reloaded, stopped and killed; at the
 * end each line must stand there once, in order.
 */
export async function endureRound(space: Workspace, round: KillRound): Promise<void> {
  const random = randomNumbers(~round.seed);
  const { output, delivered } = space.fileOutput("all.log", encodingOf(round));
  const configure = (generation: number) =>
    space.configure({
      output,
      files: {
        checkpoint_interval: `${round.checkpointInterval}ms`,
        poll_interval: `${50 + generation}ms`,
        ...processingOf(round),
      },
      rest: round.wal ? { wal: { enabled: true, dir: space.path("wal"), sync_interval: "20ms" } } : {},
    });
  configure(0);
  const logs = Array.from(
    { length: round.files },
    (_, index) => new RotatedLog(space.log(`${"xyz"[index]}.log`), new LineWriter("xyz"[index]!), round),
  );
  // What was rotated away before an agent ever looked is not its concern.
  for (const log of logs) log.write(10);
  await space.once();
  const load = space.load(round.linesPerSecond, (lines) => {
    for (const log of logs) log.write(Math.ceil(lines / logs.length));
  });
  for (let kill = 1; kill <= round.kills; kill++) {
    const agent = space.start({ args: ["--keep-permissions"] });
    await pause(100 + round.life * random());
    if (random() < round.reloads) {
      configure(kill);
      reload(agent);
      await pause(300 * random());
    }
    if (random() < round.freezes) {
      agent.freeze();
      await pause(500 * random());
      agent.thaw();
      await pause(200 * random());
    }
    // A stop now and then: it leaves other traces than a kill.
    if (random() < 0.15) await agent.terminate();
    else await agent.kill();
    await pause(round.absence * random());
  }
  await load.stop();
  for (const log of logs) log.close();
  await space.once();
  const lines = linesIn(delivered, round);
  // Whoever writes to two files at a time has no order.
  assertDelivered(lines, logs.map(({ writer }) => writer), { disorder: staysWithOld(round) });
}

/** An agent that has not started yet would die of the signal, as programs do. */
function reload(agent: AgentProcess): void {
  if (agent.log.some(({ message }) => message === "Started")) agent.hangUp();
}

/** A log file that is rotated every so many writes. */
class RotatedLog {
  #writes = 0;
  #rotations = 0;
  /** So many writes follow to a renamed file. */
  #writesToOld = 0;
  /** The second half of a line whose first half was written. */
  #rest: Uint8Array = new Uint8Array(0);
  readonly #held: HeldLog;

  constructor(readonly path: string, readonly writer: LineWriter, private readonly round: KillRound) {
    this.#held = new HeldLog(path);
  }

  write(lines: number): void {
    const { pieces, processing, rotateAfter, rotation } = this.round;
    const fresh = processing === "none" ? this.writer.lines(lines) : jsonLines(this.writer, lines);
    const bytes = Buffer.concat([this.#rest, fresh]);
    const rotates = ++this.#writes % rotateAfter === 0;
    // What is copied and emptied within a line is torn for every reader.
    const isWhole = !pieces || (rotates && rotation === "copy");
    const end = isWhole ? bytes.length : middleOfLastLine(bytes);
    this.#rest = bytes.subarray(end);
    this.#held.writeBytes(bytes.subarray(0, end));
    if (this.#writesToOld > 0 && --this.#writesToOld === 0) this.#openNew();
    if (rotates) this.#rotate();
  }

  close(): void {
    this.#held.writeBytes(this.#rest);
    this.#held[Symbol.dispose]();
  }

  #rotate(): void {
    const { compression, names, rotation } = this.round;
    if (this.#writesToOld > 0) this.#openNew();
    const options: RotationOptions = {
      keep: 500,
      compress: compression === "at once",
      delayCompress: compression === "delayed",
      ...names === "times" ? { suffix: `-20261122T${String(100000 + ++this.#rotations)}` } : {},
    };
    if (rotation === "copy") return void copyAndTruncate(this.path, options);
    this.#writesToOld = staysWithOld(this.round) ? this.round.reopenAfter : 0;
    if (this.#writesToOld > 0) return void renameAndCreate(this.path, options);
    this.#finishLine();
    renameAndCreate(this.path, options);
    this.#held.reopen();
  }

  #openNew(): void {
    this.#writesToOld = 0;
    this.#finishLine();
    this.#held.reopen();
  }

  /** A line stands in one file. */
  #finishLine(): void {
    this.#held.writeBytes(this.#rest);
    this.#rest = new Uint8Array(0);
  }
}

/** Whether the writer goes on for a while in a renamed file. Who compressed it at once would lose that. */
function staysWithOld({ compression, reopenAfter, rotation }: KillRound): boolean {
  return rotation === "rename" && compression !== "at once" && reopenAfter > 0;
}

function middleOfLastLine(bytes: Buffer): number {
  const start = bytes.lastIndexOf(0x0a, -2) + 1;
  return start + Math.floor((bytes.length - start) / 2);
}

function processingOf({ processing }: KillRound): Block {
  switch (processing) {
    case "none":
      return {};
    case "json":
      return { parser: { type: "json" } };
    case "transforms":
      return { parser: { type: "json" }, transforms: [{ type: "remove", fields: ["nested"] }] };
    case "multiline":
      return { parser: { type: "multiline", multiline: { pattern: "^\\{", negate: true, match: "after" } } };
  }
}

function encodingOf({ processing }: KillRound): Block {
  return processing === "none" ? {} : { encoding: "json" };
}

/** The lines as their writers made them. */
function linesIn(delivered: Delivered, { processing }: KillRound): Uint8Array {
  if (processing === "none") return delivered.bytes();
  const lines = Buffer.from(delivered.bytes()).toString("utf8").split("\n").slice(0, -1);
  return Buffer.concat(lines.map((line) => {
    const { message, fields } = JSON.parse(line);
    const text = processing === "multiline" ? JSON.parse(message).msg : fields.msg ?? message;
    return Buffer.from(`${text}\n`, "latin1");
  }));
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
