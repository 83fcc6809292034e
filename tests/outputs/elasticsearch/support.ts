import type { EncodedBatch } from "../../../src/batch.ts";
import * as schema from "../../../src/lib/schema.ts";
import {
  type ElasticsearchConfig,
  elasticsearchConfig,
} from "../../../src/outputs/elasticsearch/elasticsearch_config.ts";
import { ElasticsearchOutput } from "../../../src/outputs/elasticsearch/elasticsearch_output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { ElasticsearchServer, type Faults, type ServerOptions } from "../../support/elasticsearch_server.ts";

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** The block as validated, with defaults. */
export function configOf(block: Readonly<Record<string, unknown>>): ElasticsearchConfig {
  return schema.parse(elasticsearchConfig, block);
}

/** Documents that tell their number, as a batch for an index, with ids as a file gives them. */
export function documents(numbers: readonly number[], index = "logs"): EncodedBatch {
  const batch = batchOf(numbers.map((n) => `{"n":${n}}\n`), index);
  const ids = { origins: [{ id: "file", end: numbers.length }], offsets: Float64Array.from(numbers) };
  return { ...batch, ids };
}

/** The numbers from 0 to, not including, `end`. */
export const upTo = (end: number): number[] => Array.from({ length: end }, (_, n) => n);

/** An output, open, with the server that it sends to. */
export class Exchange implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly output: ElasticsearchOutput;
  /** What the output takes for the present, in ms since 1970. */
  now = Date.UTC(2026, 10, 25, 12);

  private constructor(readonly server: ElasticsearchServer, block: Readonly<Record<string, unknown>>) {
    const config = configOf({ addresses: [server.url], ...block });
    this.output = new ElasticsearchOutput(config, { name: "es", log: this.log }, () => this.now);
  }

  static async open(
    faults?: Faults,
    block: Readonly<Record<string, unknown>> = {},
    options?: ServerOptions,
  ): Promise<Exchange> {
    const exchange = new Exchange(ElasticsearchServer.start(faults, options), block);
    try {
      await exchange.output.open(never);
    } catch (error) {
      await exchange[Symbol.asyncDispose]();
      throw error;
    }
    return exchange;
  }

  /** The numbers of the documents that are stored, in order. */
  stored(): number[] {
    return this.server.documents.map(({ text }) => JSON.parse(text).n as number).sort((a, b) => a - b);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
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
