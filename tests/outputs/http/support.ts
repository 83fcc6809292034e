import * as schema from "../../../src/lib/schema.ts";
import { HttpOutput } from "../../../src/outputs/http/http_output.ts";
import { type HttpOutputConfig, httpOutputSchema } from "../../../src/outputs/http/http_output_config.ts";
import { RecordingLog } from "../../contracts/batches.ts";
import { type Behaviour, HttpDestination } from "../../support/http_destination.ts";

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** The moment that outputs of these tests think it is. */
export const NOW = Date.UTC(2026, 10, 25, 12);

/** The block as validated, with defaults. */
export function configOf(block: Readonly<Record<string, unknown>>): HttpOutputConfig {
  return schema.parse(httpOutputSchema, block);
}

/** An output, open, with the destination that it sends to. */
export class Exchange implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly output: HttpOutput;

  private constructor(readonly destination: HttpDestination, block: Readonly<Record<string, unknown>>) {
    const config = configOf({ endpoint: destination.url(), ...block });
    this.output = new HttpOutput(config, { name: "web", log: this.log }, () => NOW);
  }

  static async open(
    behaviour?: Behaviour,
    block: Readonly<Record<string, unknown>> = {},
  ): Promise<Exchange> {
    const exchange = new Exchange(HttpDestination.start(behaviour), block);
    await exchange.output.open();
    return exchange;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.destination[Symbol.asyncDispose]();
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
