import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import type { PermissionNeed } from "../../lib/permission.ts";
import * as schema from "../../lib/schema.ts";
import { atLeast, endpointProblem, notEmpty, timeoutKey } from "../http/connection_config.ts";
import type { Output, OutputContext } from "../output.ts";
import { compilePartition } from "./key_template.ts";
import { s3Needs } from "./s3_needs.ts";

/** S3 takes no smaller parts, but for the last one. */
const SMALLEST_PART = 5 * 1024 * 1024;
const MOST_TAGS = 10;

/** What the user configures for `s3`. */
export const s3Config = schema.object({
  bucket: schema.string().required().check(bucketProblem).describe("Bucket for the objects."),
  region: schema.string().default("us-east-1").check(notEmpty).describe("Region of the bucket."),
  prefix: schema.string().default("logs/").describe("Beginning of every object key, as it stands."),
  key_template: schema.string().default("{{.Year}}/{{.Month}}/{{.Day}}/{{.Hour}}/{{.Timestamp}}.json")
    .check((template) => keyProblem("", template)).describe(
      "Rest of the object key. {{.Year}} {{.Month}} {{.Day}} {{.Hour}} {{.Minute}} or %Y %m %d %H %M are the UTC time of the records, {{ fields.app }}, {{ source }}, {{ level }}, {{ input }} and labels such as {{ file }} are their values: each object holds records with the same. {{.Second}} {{.Timestamp}} {{.UnixNano}} %S %s are of the first record. {{ id }} is unique to the object; left out, it stands before the extension. No object is ever overwritten by another one.",
    ),
  storage_class: schema.string().default("STANDARD").check(notEmpty).describe(
    "Storage class of the objects.",
  ),
  server_side_encryption: schema.choice(["AES256", "aws:kms", "aws:kms:dsse"]).describe(
    "Encryption at rest. Unset: what the bucket does by itself.",
  ),
  kms_key_id: schema.string().check(notEmpty).describe("The key for aws:kms. Unset: that of the account."),
  acl: schema.choice([
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
  ]).default("private").describe(
    "Canned ACL of the objects. private is what objects have anyway, and is not sent, since buckets without ACLs refuse any.",
  ),
  tags: schema.record(schema.string()).default({}).check(tagsProblem).describe(
    "Tags of the objects, ten at most; this needs s3:PutObjectTagging.",
  ),
  encoding: schema.choice(["ndjson", "text"]).default("ndjson").describe(
    "The contents of objects: ndjson has an event as JSON on each line, text has the messages as lines, or the lines as they came where nothing makes messages of them.",
  ),
  compression: schema.choice(["none", "gzip", "snappy", "zstd"]).default("none").describe(
    "Compression of the objects; it adds .gz, .sz or .zst to their keys. snappy is its framing format.",
  ),
  content_type: schema.string().default("application/json").check(contentTypeProblem).describe(
    "Content type of the objects.",
  ),
  batch_size: schema.integer({ min: 1 }).default(100).describe(
    "Records in an object at most. More than buffer.size records never wait for one object.",
  ),
  batch_bytes: schema.byteSize().default("8MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records in an object at most, before compression; a single record may be larger. More than buffer.max_bytes never wait for one object.",
  ),
  batch_timeout: schema.duration().default("5s").describe("How long a record waits for an object to fill."),
  flush_interval: schema.duration().default("1s").check(atLeast(1, "1ms")).describe(
    "How often the age of unfinished objects is looked at: batch_timeout is rounded up to a multiple of it.",
  ),
  upload_concurrency: schema.integer({ min: 1, max: 100 }).default(5).describe(
    "Objects uploaded at once, and parts of a large object uploaded at once.",
  ),
  part_size: schema.byteSize().default("16MiB").check(atLeast(SMALLEST_PART, "5MiB")).describe(
    "Larger objects are uploaded in parts of this size.",
  ),
  timeout: timeoutKey,
  endpoint: schema.string().check(urlProblem).describe("URL of a server that speaks S3, instead of AWS."),
  use_path_style: schema.boolean().default(false).describe(
    "Put the bucket into the path rather than the host name, as most servers other than AWS want it.",
  ),
  access_key_id: schema.string().check(notEmpty).describe(
    "Access key. Unset: the environment, the shared files, web identity, and what containers and machines of AWS have.",
  ),
  secret_access_key: schema.string().secret().check(notEmpty).describe("Secret of the access key."),
  session_token: schema.string().secret().check(notEmpty).describe("Token of temporary credentials."),
  tls: schema.object({
    ca_file: schema.string().check(notEmpty).describe(
      "File with certificates (PEM) that are trusted beside the usual ones.",
    ),
  }).default({}).describe("Certificates for https."),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type S3Config = schema.Infer<typeof s3Config>;

function bucketProblem(bucket: string): string | undefined {
  if (/^arn:[\w:./-]+$/u.test(bucket)) return undefined;
  return /^[A-Za-z0-9][\w.-]{1,254}$/u.test(bucket)
    ? undefined
    : "is no name of a bucket, and no ARN of an access point";
}

function urlProblem(url: string): string | undefined {
  const problem = endpointProblem(url);
  if (problem !== undefined) return problem;
  const { pathname, search, hash } = new URL(url);
  return pathname === "/" && search === "" && hash === ""
    ? undefined
    : "must be without path and query; the bucket stands in bucket";
}

function contentTypeProblem(type: string): string | undefined {
  return /^[!-~]+\/[ -~]*[!-~]$/u.test(type) ? undefined : "is no content type, such as application/json";
}

function tagsProblem(tags: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(tags);
  if (names.length > MOST_TAGS) return `has ${names.length} tags; S3 takes ${MOST_TAGS}`;
  const bad = names.find((name) => name === "" || name.length > 128 || (tags[name] ?? "").length > 256);
  return bad === undefined ? undefined : `has "${bad}": names have 1 to 128 characters, values 256 at most`;
}

function keyProblem(prefix: string, template: string): string | undefined {
  try {
    compilePartition(prefix, template);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What concerns several keys. */
function blockProblem(config: {
  readonly prefix: string;
  readonly key_template: string;
  readonly server_side_encryption?: string | undefined;
  readonly kms_key_id?: string | undefined;
  readonly access_key_id?: string | undefined;
  readonly secret_access_key?: string | undefined;
  readonly session_token?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly tls: object;
}): string | undefined {
  const problem = keyProblem(config.prefix, config.key_template);
  if (problem !== undefined) return `has prefix and key_template that do not go together: ${problem}`;
  if (config.kms_key_id !== undefined && !config.server_side_encryption?.startsWith("aws:kms")) {
    return "has kms_key_id without server_side_encryption: aws:kms; write both";
  }
  if ((config.access_key_id === undefined) !== (config.secret_access_key === undefined)) {
    return "has one of access_key_id and secret_access_key; write both, or none of them";
  }
  if (config.session_token !== undefined && config.access_key_id === undefined) {
    return "has session_token without access_key_id and secret_access_key; write all three";
  }
  const { protocol } = new URL(config.endpoint ?? "https://aws");
  if (Object.keys(config.tls).length > 0 && protocol !== "https:") {
    return "has tls, while endpoint is http; write https, or leave tls out";
  }
  return undefined;
}

/** Amazon S3 and servers that speak its protocol, as the registry lists them. */
export const s3Output: ComponentType<S3Config, Output | Promise<Output>, OutputContext> = {
  schema: s3Config,
  example: {
    bucket: "logs",
    region: "eu-central-1",
    key_template: "%Y/%m/%d/{{ fields.app }}-{{ id }}.json",
    compression: "zstd",
    batch_size: 10000,
  },
  permissions: (config): PermissionNeed[] => s3Needs(config),
  takesLines: ({ encoding }) => encoding === "text",
  create: async (config, context) =>
    new (await loadModule<typeof import("./s3_output.ts")>("./s3_output.ts", import.meta.url)).S3Output(
      config,
      context,
    ),
};
