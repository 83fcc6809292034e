import * as fs from "node:fs";
import type { EncodedBatch } from "../batch.ts";
import type { ComponentType } from "../component.ts";
import { codeOf, reasonOf } from "../lib/reason.ts";
import * as schema from "../lib/schema.ts";
import { sleep } from "../lib/sleep.ts";
import { lineTextBytes } from "../encoding/line_text.ts";
import { ALL_SENT, type Output, OutputClosedError, type OutputContext, type SendResult } from "./output.ts";

const configSchema = schema.object({
  encoding: schema.choice(["auto", "text", "json"]).default("auto").describe(
    "How records are written: text gives the message, or the line as it came where nothing makes one of it; json gives event JSON; auto gives event JSON where there is a parser or a transform, and else lines as they came.",
  ),
});

/** What the user configures for `stdout`. */
export type StdoutConfig = schema.Infer<typeof configSchema>;

/** The part of `Deno.stdout` that is used; tests put something else in its place. */
export interface StandardOutput {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

/** What it takes to write to something else than the process's own standard output. */
export interface StdoutOptions {
  readonly stdout: StandardOutput;
  /** Whether a write can never wait for a reader: a regular file, or the null device. */
  readonly neverWaits: () => boolean;
}

const LONGEST_WAIT_MS = 20;

/**
 * Writes records to standard output as they are. A reader that is slow slows the inputs down, a reader that is gone
 * ends the agent: there is nowhere to send the rest.
 *
 * `console.log` is never used: it swallows a broken pipe.
 */
export class StdoutOutput implements Output {
  readonly #stdout: StandardOutput;
  readonly #neverWaits: () => boolean;
  #sync = false;
  /** How much of a batch is written, so that sending the same batch again goes on where it stopped. */
  #partial: { readonly batch: EncodedBatch; written: number } | undefined;

  constructor(options: StdoutOptions = { stdout: Deno.stdout, neverWaits: stdoutNeverWaits }) {
    this.#stdout = options.stdout;
    this.#neverWaits = options.neverWaits;
  }

  open(): Promise<void> {
    this.#sync = this.#neverWaits();
    return Promise.resolve();
  }

  partitionOf(): string {
    return "";
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    const bytes = lineTextBytes(batch);
    const partial = this.#partial?.batch === batch ? this.#partial : { batch, written: 0 };
    this.#partial = partial;
    let wait = 1;
    while (partial.written < bytes.length) {
      const rest = partial.written === 0 ? bytes : bytes.subarray(partial.written);
      try {
        partial.written += this.#sync ? this.#stdout.writeSync(rest) : await this.#stdout.write(rest);
        wait = 1;
      } catch (error) {
        if (!isWouldBlock(error)) throw writeError(error);
        if (!(await sleep(wait, signal))) {
          throw new Error("Cannot write to stdout: stopped; the rest is not sent");
        }
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
    this.#partial = undefined;
    return ALL_SENT;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The `stdout` output as the registry lists it. */
export const stdoutOutput: ComponentType<StdoutConfig, Output, OutputContext> = {
  schema: configSchema,
  example: {},
  permissions: () => [],
  takesLines: ({ encoding }) => encoding !== "json",
  create: () => new StdoutOutput(),
};

/** A pipe whose other end is set to non-blocking (a terminal, some parents) answers that it is full. */
function isWouldBlock(error: unknown): boolean {
  return error instanceof Deno.errors.WouldBlock || codeOf(error) === "EAGAIN";
}

function writeError(error: unknown): Error {
  if (error instanceof Deno.errors.BrokenPipe || codeOf(error) === "EPIPE") {
    return new OutputClosedError(
      "Cannot write to stdout: the reader has closed the pipe; what it did not take is read again at the next start",
      { cause: error },
    );
  }
  return new Error(`Cannot write to stdout: ${reasonOf(error)}; what is missing is written again later`, {
    cause: error,
  });
}

function stdoutNeverWaits(): boolean {
  try {
    const stat = fs.fstatSync(1);
    return stat.isFile() || (stat.isCharacterDevice() && isNullDevice(stat));
  } catch {
    return false;
  }
}

/** Linux gives the null device major 1, minor 3; elsewhere it is treated like a terminal, which is only slower. */
function isNullDevice(stat: fs.Stats): boolean {
  return Deno.build.os === "linux" && stat.rdev === 0x103;
}
