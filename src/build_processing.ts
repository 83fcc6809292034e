import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Framer } from "./framing/framer.ts";
import { framingOf } from "./framing/framing_options.ts";
import type { Config, InputEntry } from "./config/config.ts";
import { outputKeyPath } from "./config/hints.ts";
import { ConfigError, type LoadedConfig, locate, type Problem } from "./config/load.ts";
import { problemAt } from "./config/problem.ts";
import { KeyError, KeyErrors, KeyMistakes } from "./lib/key_error.ts";
import { loadModule } from "./lib/load_module.ts";
import type { Log } from "./lib/log.ts";
import type { PermissionNeed } from "./lib/permission.ts";
import { reasonOf } from "./lib/reason.ts";
import { outputType } from "./outputs/registry.ts";
import type { Way } from "./delivery/parcels.ts";
import type { Processing } from "./pipeline_options.ts";
import { isPlain, type PlanFiles, type ProcessorPlan } from "./processing/plan.ts";
import type { Processor } from "./processor.ts";

/** How the records of all inputs get to the outputs. */
export interface ProcessingPlan {
  /** By input. */
  readonly ways: ReadonlyMap<string, Way>;
  /** Of the inputs whose records some output does not get as they came. */
  readonly plans: readonly ProcessorPlan[];
}

/** A processing plan whose parts are built and found right. */
export interface PreparedProcessing extends ProcessingPlan {
  readonly files: PlanFiles;
  /** What joins lines to records, by input. */
  readonly framers: ReadonlyMap<string, Framer>;
  /** By input; they serve until workers take over. */
  readonly processors: ReadonlyMap<string, Processor>;
  readonly workerPool: Config["worker_pool"];
  /** What is allowed but dangerous. */
  readonly warnings: readonly Problem[];
}

/** What the configuration asks for between inputs and outputs. */
export function planProcessing(config: Config): ProcessingPlan {
  const ways = new Map<string, Way>();
  const plans: ProcessorPlan[] = [];
  for (const entry of config.inputs) {
    const whole = planOf(config, entry);
    const plain = isPlain(whole);
    const outputs = whole.outputs.filter((output) => !(plain && takesAnything(output)));
    const processed = outputs.map(({ name }) => name);
    const raw = whole.outputs.map(({ name }) => name).filter((name) => !processed.includes(name));
    ways.set(entry.name, { raw, processed });
    if (processed.length > 0) plans.push({ ...whole, outputs });
  }
  return { ways, plans };
}

/** The plan of an input with all outputs, also those that may get its records as they came. */
export function planOf({ outputs }: Config, { name, parsers, transforms }: InputEntry): ProcessorPlan {
  return {
    input: name,
    parsers,
    transforms,
    outputs: outputs.map(({ name, type, config, if: condition, routes, include_raw: includeRaw }) => ({
      name,
      type,
      config,
      routes,
      includeRaw,
      ...(condition === undefined ? {} : { if: condition }),
    })),
  };
}

/** Whether an output writes whatever it gets as it is. */
function takesAnything({ type, config, if: condition, routes }: ProcessorPlan["outputs"][number]): boolean {
  if (condition !== undefined || routes.length > 0) return false;
  return outputType(type).takesLines?.(config) ?? false;
}

/** A file or a directory that parsers or transforms work with, and where the plan names it. */
interface PlanResource {
  readonly path: string;
  readonly kind: "file" | "directory";
  readonly key: string;
}

function resourcesOf({ parsers, transforms }: ProcessorPlan): PlanResource[] {
  const found: PlanResource[] = [];
  parsers.forEach(({ type, config }, index) => {
    if (type !== "grok") return;
    config.patterns_dir.forEach((path) =>
      found.push({ path, kind: "directory", key: `parsers[${index}].patterns_dir` })
    );
  });
  transforms.forEach(({ type, config }, index) => {
    const key = `transforms[${index}]`;
    if (type === "lookup") found.push({ path: config.file, kind: "file", key: `${key}.file` });
    if (type === "geoip") found.push({ path: config.database, kind: "file", key: `${key}.database` });
  });
  return found;
}

/** What processing needs from the operating system, beside the modules of the program. */
export function processingNeeds(config: Config): PermissionNeed[] {
  return planProcessing(config).plans.flatMap(resourcesOf).map(({ path }): PermissionNeed => ({
    name: "read",
    path,
    why: "a parser or a transform works with it",
  }));
}

/**
 * Builds every processor once, so that all mistakes in patterns, scripts and tables come out before anything starts.
 * Throws ConfigError with all of them.
 */
export async function prepareProcessing(loaded: LoadedConfig): Promise<PreparedProcessing> {
  const { ways, plans } = planProcessing(loaded.config);
  const processors = new Map<string, Processor>();
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const files = new Map<string, Uint8Array>();
  const framers = new Map<string, Framer>();
  const tell = (to: Problem[], input: string, key: string, message: string) =>
    to.push(problemOf(loaded, input, key, message));
  for (const { name, parsers } of loaded.config.inputs) {
    const options = framingOf(parsers);
    if (options === undefined) continue;
    const { createFramer } = await loadModule<typeof import("./framing/framing.ts")>(
      "./framing/framing.ts",
      import.meta.url,
    );
    const joining = parsers.findIndex(({ multiline }) => multiline !== undefined);
    const key = `parsers[${joining}].multiline.pattern`;
    try {
      framers.set(name, createFramer(options));
      // Lines are joined where nothing could stop an expression that never ends.
      const hint = await explosionOf(options.multiline?.pattern);
      if (hint !== undefined) tell(hint.canBeStopped ? warnings : problems, name, key, hint.text);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      tell(problems, name, `parsers[${joining}].${error.key}`, error.message);
    }
  }
  if (plans.length > 0) {
    const { buildProcessor } = await loadModule<typeof import("./processor.ts")>(
      "./processor.ts",
      import.meta.url,
    );
    for (const plan of plans) {
      // What is to say of a plan as a whole is said by parsers.
      const warn = (message: string) => tell(warnings, plan.input, "parsers[0]", message);
      try {
        await readResources(resourcesOf(plan), files);
        processors.set(plan.input, await buildProcessor(plan, files, warn));
      } catch (error) {
        if (!(error instanceof KeyErrors)) throw error;
        for (const { key, message } of error.errors) tell(problems, plan.input, key, message);
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(withoutDoubles(problems));
  if (plans.length > 0 || framers.size > 0) {
    const { hazardsOf } = await loadModule<typeof import("./processing/hazards.ts")>(
      "./processing/hazards.ts",
      import.meta.url,
    );
    for (const entry of loaded.config.inputs) {
      const hazards = await hazardsOf(planOf(loaded.config, entry));
      for (const { key, hint } of hazards) tell(warnings, entry.name, key, hint);
    }
  }
  return {
    ways,
    plans,
    files,
    framers,
    processors,
    workerPool: loaded.config.worker_pool,
    warnings: withoutDoubles(warnings),
  };
}

/** Whether two processings do the same, so that one may stand for the other. */
export function isSameProcessing(one: PreparedProcessing, other: PreparedProcessing): boolean {
  const compared = ({ ways, plans, files, workerPool }: PreparedProcessing) => ({
    ways,
    plans,
    files,
    workerPool,
  });
  return isDeepStrictEqual(compared(one), compared(other));
}

/** Starts what stands between inputs and outputs. Rejects when workers are needed and none can be started. */
export async function startProcessing(prepared: PreparedProcessing, log: Log): Promise<Processing> {
  const { ways, plans, files, processors, workerPool } = prepared;
  if (plans.length === 0) return nothingToProcess(ways);
  const { ProcessorHost } = await loadModule<typeof import("./workers/processor_host.ts")>(
    "./workers/processor_host.ts",
    import.meta.url,
  );
  const { num_workers: workers, queue_size, job_timeout } = workerPool;
  const host = new ProcessorHost({
    ways,
    plans,
    files,
    processors,
    workers,
    // On a single core a worker only takes turns with the inputs and outputs.
    grows: navigator.hardwareConcurrency > 1 || workerPool.num_workers !== undefined,
    queueSize: queue_size,
    jobTimeout: job_timeout,
    log,
  });
  await host.start();
  return host;
}

function nothingToProcess(ways: ReadonlyMap<string, Way>): Processing {
  return {
    ways,
    waitForRoom: () => Promise.resolve(),
    process: (input) =>
      Promise.reject(new Error(`Cannot process records of input "${input}": it has no plan`)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Why a pattern may take for ever; undefined where it does not. V8 stops only some of them by itself. */
async function explosionOf(
  pattern: string | undefined,
): Promise<{ text: string; canBeStopped: boolean } | undefined> {
  if (pattern === undefined) return undefined;
  const { explosionHint, usesBacktrackingOnly } = await loadModule<typeof import("./lib/regexp_hazard.ts")>(
    "./lib/regexp_hazard.ts",
    import.meta.url,
  );
  const { compileRegExp } = await loadModule<typeof import("./lib/regular_expression.ts")>(
    "./lib/regular_expression.ts",
    import.meta.url,
  );
  const text = await explosionHint(compileRegExp(pattern));
  return text === undefined ? undefined : { text, canBeStopped: !usesBacktrackingOnly(pattern) };
}

/** Reads files once, however many parts of the plan name them. Throws KeyErrors. */
async function readResources(
  resources: readonly PlanResource[],
  files: Map<string, Uint8Array>,
): Promise<void> {
  const mistakes = new KeyMistakes();
  for (const resource of resources) {
    await mistakes.try("", () => readResource(resource, files));
  }
  mistakes.throwIfAny();
}

async function readResource(
  { path, kind, key }: PlanResource,
  files: Map<string, Uint8Array>,
): Promise<void> {
  try {
    if (kind === "file") {
      if (!files.has(path)) files.set(path, await Deno.readFile(path));
      return;
    }
    for await (const entry of Deno.readDir(path)) {
      const file = join(path, entry.name);
      if (entry.isDirectory || files.has(file)) continue;
      // A ConfigMap of Kubernetes holds a link to a directory beside the files.
      if (entry.isSymlink && (await Deno.stat(file)).isDirectory) continue;
      files.set(file, await Deno.readFile(file));
    }
  } catch (error) {
    throw new KeyError(key, `Cannot read "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

/** A problem at a key of a plan, told at its place in the configuration file. */
function problemOf(
  { file, config, positions }: LoadedConfig,
  name: string,
  key: string,
  message: string,
): Problem {
  const input = config.inputs.find((entry) => entry.name === name);
  const path = input === undefined ? key : pathOf(positions, config, input, key);
  return problemAt(file, locate(positions, path), path, message);
}

/** `parsers[0].pattern` of a plan is `inputs.files[1].parser.pattern`, or `parser.pattern` of the top level. */
function pathOf(
  positions: LoadedConfig["positions"],
  config: Config,
  input: InputEntry,
  key: string,
): string {
  const [, list = "", number = "", rest = ""] = /^(parsers|transforms|outputs)\[(\d+)\](.*)$/.exec(key) ?? [];
  const index = Number(number);
  if (list === "outputs") {
    const plan = planProcessing(config).plans.find((plan) => plan.input === input.name);
    const output = config.outputs.find(({ name }) => name === plan?.outputs[index]?.name);
    if (output === undefined || rest === "") return `${output?.path ?? "output"}${rest}`;
    return outputKeyPath(positions, output, rest.slice(1));
  }
  if (list === "parsers") {
    const path = positions.has(`${input.path}.parser`) ? `${input.path}.parser` : "parser";
    return `${path}${positions.has(`${path}[${index}]`) ? `[${index}]` : ""}${rest}`;
  }
  // The input's own transforms come first, then those of the top level.
  if (positions.has(`${input.path}.transforms[${index}]`)) return `${input.path}.transforms[${index}]${rest}`;
  let own = 0;
  while (positions.has(`${input.path}.transforms[${own}]`)) own++;
  return `transforms[${index - own}]${rest}`;
}

/** What stands at the top level is found wrong once for every input. */
function withoutDoubles(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()]
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
