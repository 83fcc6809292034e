import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import { PathTemplate } from "./path_template.ts";

/** What the user configures for `file`. */
export const fileOutputSchema = schema.object({
  path: schema.string().required().check(pathProblem).describe(
    'The file to append to. Parts: strftime (%Y %m %d %H %M %S %j %z %F and more), {{ source }} (the whole path of the file a record comes from, or the peer), {{ file }} (its base name), {{ input }} (the input\'s name) and other labels. Separators and leading dots in values become "_", so all files stay in the directory before the first such part.',
  ),
  timezone: schema.choice(["utc", "local"]).default("utc").describe(
    "Which time the % parts of the path show.",
  ),
  mode: schema.string().default("0640").check(modeProblem).describe(
    "Permissions of new files, in octal; new directories get the same with the right to enter.",
  ),
  encoding: schema.choice(["auto", "text", "json"]).default("auto").describe(
    "How records are written: text gives the message, or the line as it came where nothing makes one of it; json gives event JSON; auto gives event JSON where there is a parser or a transform, and else lines as they came.",
  ),
  max_size: schema.byteSize().check(atLeast(1, "1 byte")).describe(
    "Closes the file and begins a new one before it grows past this size. A single batch is never split. Closed files are named <stem>-<UTC time>[.n]<extension>, such as app-20261122T101500Z.log.",
  ),
  rotate_interval: schema.duration().check(atLeast(1000, "1s")).describe(
    "Closes the file and begins a new one when an interval of this length begins, counted from midnight UTC: 1h, 24h.",
  ),
  max_files: schema.integer({ min: 0 }).default(0).describe(
    "How many closed files to keep beside the current one; the oldest are deleted. 0 keeps all.",
  ),
  compress: schema.boolean().default(false).describe(
    "Compresses closed files with gzip. A file also counts as closed when the time in its path has passed.",
  ),
  fsync: schema.choice(["checkpoint", "always", "interval", "never"]).default("checkpoint").describe(
    "When data is forced to the disk: before positions are saved, after each batch, every fsync_interval, or when the system likes. The first two lose nothing in a power cut.",
  ),
  fsync_interval: schema.duration().default("1s").check(atLeast(10, "10ms")).describe("For fsync: interval."),
});

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type FileOutputConfig = schema.Infer<typeof fileOutputSchema>;

/** The permission bits of new files and directories. */
export function modesOf(mode: string): { file: number; directory: number } {
  const file = parseInt(mode, 8);
  // Who may read may enter.
  return { file, directory: file | ((file & 0o444) >> 2) };
}

function pathProblem(path: string): string | undefined {
  if (path.includes("\0")) return "a path cannot hold a NUL";
  try {
    new PathTemplate(path, "utc");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function modeProblem(mode: string): string | undefined {
  if (!/^0?o?[0-7]{3}$/u.test(mode)) {
    return `"${mode}" is no file mode; write three octal digits in quotes, such as "0640"`;
  }
  return undefined;
}

function atLeast(least: number, text: string): (value: number) => string | undefined {
  return (value) => (value < least ? `is too small; must be at least ${text}` : undefined);
}

/** The `file` output as the registry lists it. */
export const fileOutput: ComponentType<FileOutputConfig, Promise<Output>, OutputContext> = {
  schema: fileOutputSchema,
  example: { path: "/var/log/collected/%Y-%m-%d/{{ file }}", max_size: "100MiB", compress: true },
  permissions(config) {
    const path = new PathTemplate(config.path, config.timezone).root;
    return [
      { name: "read", path, why: "to see how long the output files are" },
      { name: "write", path, why: "to append to the output files" },
    ];
  },
  takesLines: ({ encoding }) => encoding !== "json",
  async create(config, context) {
    const { FileOutput } = await loadModule<typeof import("./file_output.ts")>(
      "./file_output.ts",
      import.meta.url,
    );
    return new FileOutput(config, context);
  },
};
