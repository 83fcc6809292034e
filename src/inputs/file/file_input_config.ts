import * as schema from "../../lib/schema.ts";

/** Configuration of one entry of `inputs.files`, without the keys that every input has (name, parser, transforms). */
export const fileInputConfig = schema.object({
  paths: schema.list(schema.string(), { min: 1 }).required()
    .describe(
      "Files to read: paths and globs with `*`, `?`, `[a-z]`, `{a,b}` and `**` (any number of directories).",
    ),
  exclude_paths: schema.list(schema.string()).default([])
    .describe(
      "Files not to read, as globs over the whole path, or over the file name where a glob has no `/`.",
    ),
  checkpoint_path: schema.string().default("/var/lib/logaggregator/checkpoints")
    .describe("Directory in which the positions are kept. Inputs may share one; agents may not."),
  checkpoint_interval: schema.duration().default("5s").describe("How often positions are saved."),
  start_at: schema.choice(["beginning", "end"]).default("beginning").describe(
    "Where to start in files that exist when the input runs for the first time. Later files are always read from the beginning.",
  ),
  ignore_older: schema.duration().describe(
    "Files never seen before that were last written longer ago than this are not read; what is written to them later is.",
  ),
  max_line_bytes: schema.byteSize().default("1MiB").check((bytes) =>
    bytes < 64 ? "must be at least 64 bytes" : undefined
  )
    .describe("Longer lines are cut, marked with ` [truncated]` and counted."),
  encoding: schema.string().default("utf-8").check(checkEncoding).describe(
    "Character encoding of the files, by a name of the WHATWG Encoding Standard. Anything but utf-8 is converted to UTF-8.",
  ),
  partial_line_timeout: schema.duration().describe(
    "Deliver a last line without line break after this time of quiet. Unset: wait for the rest of the line.",
  ),
  poll_interval: schema.duration().default("250ms")
    .describe(
      "How often quiet files are looked at, whether or not the system reports changes; once a second after ten quiet seconds where it does.",
    ),
  rotated_wait: schema.duration().default("60s")
    .describe("How long a renamed or deleted file must be quiet, once read to its end, before it is closed."),
  copies_directory: schema.string().describe(
    "Where the rotation puts old files when it is not the directory of the file itself (`olddir` of logrotate).",
  ),
});

/** What the schema yields: durations in milliseconds, sizes in bytes. */
export type FileInputConfig = schema.Infer<typeof fileInputConfig>;

function checkEncoding(label: string): string | undefined {
  try {
    new TextDecoder(label);
    return undefined;
  } catch {
    return `"${label}" is no character encoding; known are the names of the WHATWG Encoding Standard, such as utf-8, utf-16le, latin1, shift_jis`;
  }
}
