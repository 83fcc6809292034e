import assert from "node:assert/strict";
import * as schema from "../../../src/lib/schema.ts";
import type { Output } from "../../../src/outputs/output.ts";
import { socketOutput } from "../../../src/outputs/socket/socket_config.ts";
import { RecordingLog } from "../../contracts/batches.ts";
import type { LineServer } from "../../support/line_server.ts";
import { until } from "../../support/wait.ts";

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** A `socket` output that is configured with these keys. */
export async function socketTo(
  address: string,
  keys: Readonly<Record<string, unknown>> = {},
): Promise<Output> {
  const config = schema.parse(socketOutput.schema, { address, settle_time: "20ms", ...keys });
  return await socketOutput.create(config, { name: "socket", log: new RecordingLog() });
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

/** Waits until a server has this text, and no more: what was written may still be on its way. */
export async function arrived(server: LineServer, text: string): Promise<void> {
  await until("the text", () => server.text().length >= text.length);
  assert.equal(server.text(), text);
}
