import type { PlannedType } from "../../component.ts";
import * as schema from "../../lib/schema.ts";

/** Configuration of `output.s3`. */
export const s3Config = schema.object({
  bucket: schema.string().required().describe("Bucket for the objects."),
  region: schema.string().default("us-east-1").describe("Region of the bucket."),
  prefix: schema.string().default("logs/").describe("Beginning of every object key."),
  key_template: schema.string().default("{{.Year}}/{{.Month}}/{{.Day}}/{{.Hour}}/{{.Timestamp}}.json")
    .describe(
      "Rest of the object key, made of Year, Month, Day, Hour, Minute, Second, Timestamp and UnixNano. No object is ever overwritten.",
    ),
  storage_class: schema.string().default("STANDARD").describe("Storage class of the objects."),
  server_side_encryption: schema.choice(["AES256", "aws:kms"]).describe("Encryption at rest."),
  acl: schema.string().default("private").describe("Canned ACL of the objects."),
  compression: schema.choice(["none", "gzip", "snappy"]).default("none").describe(
    "Compression of the objects.",
  ),
  batch_size: schema.integer({ min: 1 }).default(100).describe("Records in an object at most."),
  batch_timeout: schema.duration().default("5s").describe("How long a record waits for a batch to fill."),
  flush_interval: schema.duration().default("1s").describe("How often unfinished batches are looked at."),
  endpoint: schema.string().describe("URL of a server that speaks S3, instead of AWS."),
  use_path_style: schema.boolean().default(false).describe(
    "Put the bucket into the path rather than the host name.",
  ),
  upload_concurrency: schema.integer({ min: 1 }).default(5).describe("Parts uploaded at once."),
  access_key_id: schema.string().describe("Access key. Unset: what the AWS SDK finds."),
  secret_access_key: schema.string().secret().describe("Secret of the access key."),
  session_token: schema.string().secret().describe("Token of temporary credentials."),
  content_type: schema.string().default("application/json").describe("Content type of the objects."),
});

/** Amazon S3 and servers that speak its protocol. */
export const s3Output: PlannedType<schema.Infer<typeof s3Config>> = {
  schema: s3Config,
  example: { bucket: "logs", region: "eu-central-1", compression: "gzip" },
  planned: "outputs to servers",
};
