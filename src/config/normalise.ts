import type { Config, InputEntry, OutputEntry, RootConfig } from "./config.ts";
import type { InputTypeName } from "../inputs/registry.ts";

/** What is wrong with a configuration whose parts are all right by themselves. */
export interface Conflict {
  readonly path: string;
  readonly message: string;
}

/**
 * Names every input and output, applies what is set for all inputs, and makes one list of the outputs. `isWritten`
 * answers whether something stands at a path.
 */
export function normalise(
  root: RootConfig,
  isWritten: (path: string) => boolean,
): { readonly config: Config; readonly conflicts: Conflict[] } {
  const {
    inputs: _inputs,
    output: _output,
    outputs: _outputs,
    parser: _parser,
    transforms: _transforms,
    ...sections
  } = root;
  const inputs = inputsOf(root);
  const { outputs, failure_strategy, parallel } = outputsOf(root, isWritten);
  const conflicts: Conflict[] = [
    ...doubles(inputs, "input"),
    ...doubles(outputs, "output"),
    ...withoutLog(sections, outputs),
  ];
  return { config: { ...sections, inputs, outputs, fan_out: { failure_strategy, parallel } }, conflicts };
}

/** The keys that every input has; the registry's types know only their own. */
interface InputCommon extends Pick<InputEntry, "transforms"> {
  readonly name?: string;
  readonly parser?: InputEntry["parsers"];
}

function inputsOf(root: RootConfig): InputEntry[] {
  return Object.entries(root.inputs).flatMap(([type, list]) =>
    list.map((item, index) => {
      const { name, parser = root.parser ?? [], transforms, ...own } = item as InputCommon;
      const config: unknown = own;
      return {
        type: type as InputTypeName,
        name: name ?? `${type}-${index}`,
        config,
        path: `inputs.${type}[${index}]`,
        parsers: parser,
        transforms: [...transforms, ...root.transforms],
      } as InputEntry;
    })
  );
}

type Variant = RootConfig["output"];

interface Multi {
  readonly outputs: readonly Variant[];
  readonly failure_strategy: "continue" | "stop";
  readonly parallel: boolean;
}

function outputsOf(
  { output, outputs }: RootConfig,
  isWritten: (path: string) => boolean,
): { outputs: OutputEntry[] } & Omit<Multi, "outputs"> {
  const alone = { failure_strategy: "continue", parallel: true } as const;
  if (outputs !== undefined) return { ...alone, outputs: named(outputs, "outputs") };
  if (output.type !== "multi") return { ...alone, outputs: [entry(output, "output", undefined)] };
  const multi = output.config as Multi;
  const path = isWritten("output.outputs") ? "output.outputs" : "output.multi.outputs";
  return { ...multi, outputs: named(multi.outputs, path) };
}

/** Outputs of one type are told apart by number where they have no name. */
function named(list: readonly Variant[], path: string): OutputEntry[] {
  const seen = new Map<string, number>();
  return list.map((variant, index) => {
    const count = seen.get(variant.type) ?? 0;
    seen.set(variant.type, count + 1);
    return entry(variant, `${path}[${index}]`, count === 0 ? variant.type : `${variant.type}-${count}`);
  });
}

function entry({ name, ...variant }: Variant, path: string, fallback: string | undefined): OutputEntry {
  return { ...variant, name: name ?? fallback ?? variant.type, path } as OutputEntry;
}

/** A buffer on disk needs to be told where. */
function withoutLog({ wal, buffer }: Pick<RootConfig, "wal" | "buffer">, outputs: OutputEntry[]): Conflict[] {
  if (wal.dir !== undefined) return [];
  const paths = outputs.filter((output) => output.buffer?.type === "disk").map(({ path }) =>
    `${path}.buffer.type`
  );
  if (buffer.type === "disk") paths.push("buffer.type");
  return paths.map((path) => ({ path, message: '"disk" needs the key wal.dir, the directory of the log' }));
}

function doubles(entries: readonly (InputEntry | OutputEntry)[], noun: string): Conflict[] {
  const seen = new Map<string, string>();
  const conflicts: Conflict[] = [];
  for (const { name, path } of entries) {
    const other = seen.get(name);
    if (other === undefined) seen.set(name, path);
    else {
      conflicts.push({
        path: `${path}.name`,
        message: `"${name}" is the name of ${other} already; every ${noun} needs a name of its own`,
      });
    }
  }
  return conflicts;
}
