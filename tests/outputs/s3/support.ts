import type { EncodedBatch, RecordIds } from "../../../src/batch.ts";
import * as schema from "../../../src/lib/schema.ts";
import { type S3Config, s3Config } from "../../../src/outputs/s3/s3_config.ts";
import { S3Output } from "../../../src/outputs/s3/s3_output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { type S3Faults, S3Server } from "../../support/s3_server.ts";

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** The moment that outputs of these tests think it is. */
export const NOW = Date.UTC(2026, 10, 25, 12, 30, 15);

/** The block as validated, with defaults. */
export function configOf(block: Readonly<Record<string, unknown>>): S3Config {
  return schema.parse(s3Config, block);
}

/** Records `first` to `last` of a stream as lines with their numbers, with ids: offsets are ten times the numbers. */
export function numbered(
  first: number,
  last: number,
  origin = "file.0",
  partition = PARTITION,
): EncodedBatch {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const batch = batchOf(numbers.map((number) => `${origin} ${number}\n`), partition);
  return { ...batch, ids: idsOf(numbers.map((number) => number * 10), origin) };
}

/** Ids of one origin. */
export function idsOf(offsets: readonly number[], origin = "file.0"): RecordIds {
  return { origins: [{ id: origin, end: offsets.length }], offsets: Float64Array.from(offsets) };
}

/** A partition as the encoder makes it: an id is all that is missing. */
export const PARTITION = "logs/app-\x01.json";

/** A server, and the outputs that use it one after another, as processes that end would leave it. */
export class Bucket implements AsyncDisposable {
  readonly server: S3Server;
  readonly log = new RecordingLog();
  readonly directory = Deno.makeTempDirSync({ prefix: "s3-output-" });
  readonly #outputs: S3Output[] = [];

  constructor(faults?: S3Faults) {
    this.server = S3Server.start(faults);
  }

  /** An output that is not open yet. */
  create(block: Readonly<Record<string, unknown>> = {}, name = "s3"): S3Output {
    const config = configOf({ ...this.server.block, ...block });
    const output = new S3Output(config, { name, log: this.log, directory: this.directory }, () => NOW);
    this.#outputs.push(output);
    return output;
  }

  /** An output of a process that goes on where others have ended. */
  async open(block: Readonly<Record<string, unknown>> = {}, name?: string): Promise<S3Output> {
    const output = this.create(block, name);
    await output.open(never);
    return output;
  }

  /** All lines in the bucket, sorted by number. */
  lines(): string[] {
    return new TextDecoder().decode(this.server.bytes()).split("\n").slice(0, -1)
      .sort((a, b) => Number(/\d+$/.exec(a)) - Number(/\d+$/.exec(b)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const output of this.#outputs) await output[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    Deno.removeSync(this.directory, { recursive: true });
  }
}

/** The lines of `numbered`. */
export function linesOf(first: number, last: number, origin = "file.0"): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${origin} ${first + index}`);
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("It did not fail");
}
