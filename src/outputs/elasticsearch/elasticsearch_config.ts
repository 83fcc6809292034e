import type { PlannedType } from "../../component.ts";
import * as schema from "../../lib/schema.ts";

/** Configuration of `output.elasticsearch`. */
export const elasticsearchConfig = schema.object({
  addresses: schema.list(schema.string(), { min: 1 }).default(["http://localhost:9200"]).describe(
    "URLs of the nodes.",
  ),
  index: schema.string().default("logs").describe("Index, or beginning of the index name if it rotates."),
  index_rotation: schema.choice(["none", "daily", "weekly", "monthly", "yearly"]).default("daily")
    .describe("A new index for each of these periods."),
  index_timestamp_field: schema.string().default("timestamp").describe("Field whose time chooses the index."),
  pipeline: schema.string().describe("Ingest pipeline that the records pass."),
  username: schema.string().describe("User for basic authentication."),
  password: schema.string().secret().describe("Password for basic authentication."),
  cloud_id: schema.string().describe("Deployment in Elastic Cloud, instead of addresses."),
  api_key: schema.string().secret().describe("API key, base64 of id:key."),
  batch_size: schema.integer({ min: 1 }).default(100).describe("Records in a request at most."),
  batch_timeout: schema.duration().default("5s").describe("How long a record waits for a batch to fill."),
  flush_interval: schema.duration().default("1s").describe("How often unfinished batches are looked at."),
  bulk_workers: schema.integer({ min: 1 }).default(1).describe("Requests under way at once."),
  max_retries: schema.integer({ min: 0 }).default(3).describe("How often a rejected record is sent again."),
});

/** Elasticsearch and OpenSearch. */
export const elasticsearchOutput: PlannedType<schema.Infer<typeof elasticsearchConfig>> = {
  schema: elasticsearchConfig,
  example: { addresses: ["https://es:9200"], index: "logs", api_key: "${ES_API_KEY}" },
  planned: "outputs to servers",
};
