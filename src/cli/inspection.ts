import { planOf, prepareProcessing } from "../build_processing.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { FieldsWriter } from "../encoding/fields_json.ts";
import { jsonString } from "../encoding/json_string.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";
import { Inspector, type Snapshot } from "../processing/inspector.ts";
import type { PlanFiles } from "../processing/plan.ts";
import { hardenRealm } from "../sandbox/harden.ts";

/** Inputs of a configuration, ready to show what they make of records. */
export interface Inspectable {
  readonly loaded: LoadedConfig;
  readonly files: PlanFiles;
  /**
   * Builds the inspector of an input; without a name, of the first one. Undefined when there is no such input. To be
   * called in the sandbox, which scripts need.
   */
  inspector(input: string | undefined): Promise<Inspector | undefined>;
}

/** Loads a configuration with all that its parsers and transforms need. Throws ConfigError. */
export async function loadInspectable(file: string): Promise<Inspectable> {
  const loaded = await loadConfig(file);
  const { files } = await prepareProcessing(loaded);
  return {
    loaded,
    files,
    inspector: async (input) => {
      const entry = loaded.config.inputs.find(({ name }) => input === undefined || name === input);
      return entry && await Inspector.for(planOf(loaded.config, entry), files);
    },
  };
}

/**
 * Gives up every permission and hardens the process, so that scripts may run here as they would in a worker. What is
 * needed from the system must have been read before.
 */
export async function becomeSandbox(): Promise<void> {
  for (const name of ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const) {
    await Deno.permissions.revoke({ name });
  }
  // The runtime's own modules do not expect a hardened realm.
  await Promise.all([import("node:crypto"), import("node:module")]);
  hardenRealm();
}

/** A snapshot as event JSON, as an output would write it, without the line feed. */
export function snapshotJson({ timestamp, timestampText, message, level, source, fields }: Snapshot): string {
  const time = timestampText ?? formatRfc3339(timestamp);
  const levelMember = level === undefined ? "" : `,"level":"${level}"`;
  return `{"timestamp":"${time}","message":${jsonString(message)}${levelMember},"source":${
    jsonString(source)
  },"fields":${new FieldsWriter().write(fields)}}`;
}

/** Text from a file, or from standard input for `-`. */
export async function readSample(file: string): Promise<string> {
  const bytes = file === "-"
    ? new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer())
    : await Deno.readFile(file);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
