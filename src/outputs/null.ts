import type { EncodedBatch } from "../batch.ts";
import type { ComponentType } from "../component.ts";
import * as schema from "../lib/schema.ts";
import { ALL_SENT, type Output, type OutputContext, type SendResult } from "./output.ts";

const configSchema = schema.object({
  encoding: schema.choice(["json", "text"]).default("json").describe(
    "What is made of records before they are dropped, so that a measurement counts that work: json gives event JSON, text gives the message, or the line as it came.",
  ),
});

/** What the user configures for `null`. */
export type NullConfig = schema.Infer<typeof configSchema>;

/** Takes every record and drops it, for measurements of all that comes before. What it took counts as delivered. */
export class NullOutput implements Output {
  open(): Promise<void> {
    return Promise.resolve();
  }

  partitionOf(): string {
    return "";
  }

  send(_batch: EncodedBatch, _signal: AbortSignal): Promise<SendResult> {
    return Promise.resolve(ALL_SENT);
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The `null` output as the registry lists it. */
export const nullOutput: ComponentType<NullConfig, Output, OutputContext> = {
  schema: configSchema,
  example: {},
  permissions: () => [],
  takesLines: ({ encoding }) => encoding === "text",
  create: () => new NullOutput(),
};
