import assert from "node:assert/strict";
import * as fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname!, "..");

/** Files that everybody may import; they import nothing but each other and the types of `lib`. */
const VOCABULARY = ["event.ts", "batch.ts", "acknowledgement.ts", "component.ts"];

/** What each part of `src` may import beside itself and the vocabulary. A folder, a file, or a folder's files. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "event.ts": [],
  "batch.ts": [],
  "acknowledgement.ts": [],
  // `ComponentType` is generic over a schema and answers permission needs: types of `lib` only.
  "component.ts": ["lib/schema.ts", "lib/permission.ts"],
  // The version stands in deno.json only.
  lib: ["../deno.json"],
  parsers: ["lib"],
  // Conditions and scripts of the user's.
  sandbox: ["lib"],
  transforms: ["sandbox", "encoding", "lib"],
  encoding: ["lib"],
  framing: ["parsers/parser_config.ts", "lib"],
  "ledger.ts": ["processing/plan.ts", "delivery/output_line.ts"],
  // The tracker only orders acknowledgements; it knows no store.
  inputs: ["checkpoints/checkpoint_store.ts", "checkpoints/checkpoint_tracker.ts", "framing", "lib"],
  // Outputs whose state is saved with the positions implement the store's contract.
  outputs: ["encoding", "lib", "checkpoints/checkpoint_store.ts"],
  // The log on the disk saves the state of an output that takes part in checkpoints.
  buffers: ["encoding", "lib", "checkpoints/checkpoint_store.ts"],
  checkpoints: ["lib"],
  telemetry: ["lib"],
  // What an output has and others lack is saved with the positions, and counts until these have come up.
  delivery: [
    "buffers/batch_buffer.ts",
    "outputs/output.ts",
    "processing/plan.ts",
    "checkpoints/checkpoint_store.ts",
    "checkpoints/checkpoint_tracker.ts",
    "lib",
  ],
  // The parts of the way inside a processor.
  processing: ["parsers", "transforms", "sandbox", "encoding", "lib"],
  "processor.ts": [
    "processing",
    "parsers",
    "transforms",
    "sandbox",
    "encoding",
    "outputs/encoders.ts",
    "lib",
  ],
  workers: ["processor.ts", "processing", "sandbox", "delivery/parcels.ts", "lib"],
  "pipeline_options.ts": ["delivery", "outputs/output.ts", "processing/plan.ts", "lib"],
  "pipeline.ts": [
    "pipeline_options.ts",
    "inputs/input.ts",
    "buffers/batch_buffer.ts",
    "outputs/output.ts",
    "checkpoints/checkpoint_store.ts",
    "processing/plan.ts",
    "ledger.ts",
    "delivery",
    "lib",
  ],
  // The kinds' own schemas reach the configuration through the registries only, but for the shared keys.
  config: [
    "inputs/registry.ts",
    "outputs/registry.ts",
    "parsers/parser_config.ts",
    "transforms/transform_config.ts",
    "lib",
  ],
  "build_pipeline.ts": ["*"],
  "build_processing.ts": ["*"],
  "position_stores.ts": ["*"],
  "running_inputs.ts": ["*"],
  "agent.ts": ["*"],
  cli: ["*"],
  "main.ts": ["*"],
};

/** From the top down: who imports everything still imports nobody who stands above it. */
const TOP = [
  "main.ts",
  "cli",
  "agent.ts",
  "running_inputs.ts",
  "position_stores.ts",
  "build_pipeline.ts",
  "build_processing.ts",
];

/** Parts that run in workers without any permission. */
const PURE = ["parsers", "transforms", "sandbox", "encoding", "framing", "processing", "processor.ts"];
/** Modules of Node that do no I/O. */
const PURE_MODULES = ["node:buffer", "node:path", "node:util", "node:crypto"];

/** Entry points beside `main.ts`, and files that only types lead to, each with the reason. */
const ENTRIES: Record<string, string> = {
  "cli/docs.ts": "run by the task `docs`",
};

/** The packages that every start loads. */
const PACKAGES_AT_START = ["@logtape/logtape", "yaml", "zeptomatch"];

/** Who may import what only a run tells. */
const LOADERS = ["lib/load_module.ts", "config/yaml_library.ts"];

/** Too long, with the reason why they stay so. */
const LONG: Record<string, string> = {};

interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path below `src`, or the specifier of a package. */
  readonly target: string;
  readonly local: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const sources = readSources();

Deno.test("src follows the import table", () => {
  const violations: string[] = [];
  for (const { path, imports } of sources) {
    const own = partOf(path);
    const allowed = MAY_IMPORT[own];
    if (allowed === undefined) {
      violations.push(`${path}: "${own}" does not stand in the import table`);
      continue;
    }
    for (const { target, specifier, local } of imports) {
      if (!local || mayImport(own, allowed, target)) continue;
      const rule = allowed.includes("*") ? "what stands below it" : allowed.join(", ") || "nothing";
      violations.push(`${path} imports "${specifier}" (${target}): ${own} may import ${rule}`);
    }
  }
  assert.deepEqual(violations, []);
});

Deno.test("src imports only files that exist, and packages of the import map", () => {
  const settings = JSON.parse(fs.readFileSync(join(ROOT, "deno.json"), "utf8"));
  const packages = Object.keys(settings.imports);
  const violations: string[] = [];
  for (const { path, imports } of sources) {
    for (const { target, specifier, local } of imports) {
      const known = local
        ? sources.some((source) => source.path === target) || fs.existsSync(join(ROOT, "src", target))
        : specifier.startsWith("node:") || packages.includes(specifier);
      if (!known) violations.push(`${path} imports "${specifier}", which is not there`);
    }
  }
  assert.deepEqual(violations, []);
});

Deno.test("src imports nothing around in a circle", () => {
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (path: string, above: readonly string[]) => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      circles.push([...above.slice(above.indexOf(path)), path].join(" → "));
      return;
    }
    state.set(path, "open");
    const source = sources.find((candidate) => candidate.path === path);
    for (const { target } of runtimeImports(source)) visit(target, [...above, path]);
    state.set(path, "done");
  };
  for (const { path } of sources) visit(path, []);
  assert.deepEqual(circles, []);
});

Deno.test("src imports on demand either literally, or with loadModule, which names type and file alike", () => {
  const violations = sources.flatMap(({ path, text }) => {
    if (LOADERS.includes(path)) return [];
    const plain = code(text);
    const hidden = [...plain.matchAll(/\bimport\((?!\s*")|\bimport\.meta\.resolve\b/g)].map(([found]) =>
      `${path}: ${found}…`
    );
    const calls = [...plain.matchAll(/\bloadModule[<(](?:(?!\bloadModule\b)[^;])*/g)].map(([found]) => found);
    const wrong = calls.filter((call) => {
      const [, type, file] = LOAD_MODULE.exec(call) ?? [];
      return type === undefined || type !== file;
    });
    return [...hidden, ...wrong.map((call) => `${path}: ${call}`)];
  });
  assert.deepEqual(violations, []);
});

Deno.test("what is loaded on demand, and its packages, stay out of the module graph of main.ts", () => {
  const graph = literalGraph("main.ts");
  assert.deepEqual(loadedOnDemand().filter((path) => graph.has(path)), []);
  const packages = [...graph].filter((target) => !target.endsWith(".ts") && !/^node:|[.]/.test(target));
  assert.deepEqual(packages.sort(), PACKAGES_AT_START);
});

Deno.test("what workers load is in their module graph, since they may not read anything else", () => {
  const graph = literalGraph("workers/worker.ts");
  const users = sources.filter(({ path, text }) => graph.has(path) && /\bloadModule\b/.test(code(text)));
  assert.deepEqual(users.map(({ path }) => path), []);
  assert.ok(graph.has("parsers/grok/grok.ts") && graph.has("acorn"), "the graph holds imports on demand");
});

Deno.test("what runs in workers does no I/O", () => {
  const violations: string[] = [];
  for (const { path, text, imports } of sources) {
    if (!PURE.includes(partOf(path))) continue;
    const used = /\bDeno\.\w+/.exec(code(text))?.[0];
    if (used !== undefined) violations.push(`${path} uses ${used}`);
    for (const { specifier } of imports) {
      if (specifier.startsWith("node:") && !PURE_MODULES.includes(specifier)) {
        violations.push(`${path} imports ${specifier}`);
      }
    }
  }
  assert.deepEqual(violations, []);
});

Deno.test("main.ts is alone in using arguments, exit codes and signal listeners", () => {
  const violations = sources.flatMap(({ path, text }) => {
    const used = code(text).match(
      /\b(?:Deno\.(?:args|exit|addSignalListener)|process\.(?:exit|argv|on)|globalThis\.close)\b/g,
    );
    return path === "main.ts" ? [] : (used ?? []).map((name) => `${path} uses ${name}`);
  });
  assert.deepEqual(violations, []);
});

Deno.test("every file of src is reachable from main.ts", () => {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { target, local } of sources.find((source) => source.path === path)?.imports ?? []) {
      if (local) visit(target);
    }
  };
  for (const entry of ["main.ts", ...Object.keys(ENTRIES)]) visit(entry);
  assert.deepEqual(sources.map(({ path }) => path).filter((path) => !reached.has(path)), []);
});

Deno.test("no exception to reachability or length stands for a file that is gone", () => {
  const gone = [...Object.keys(ENTRIES), ...Object.keys(LONG)].filter((path) =>
    !sources.some((source) => source.path === path)
  );
  assert.deepEqual(gone, []);
});

Deno.test("no file of src has more than 400 lines", () => {
  const lengths = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
  for (const { path, lines } of lengths) {
    if (lines > 300 && lines <= 400) {
      console.warn(`  src/${path} has ${lines} lines: look whether it is two things`);
    }
  }
  assert.deepEqual(lengths.filter(({ path, lines }) => lines > 400 && !(path in LONG)), []);
});

function mayImport(own: string, allowed: readonly string[], target: string): boolean {
  const part = partOf(target);
  if (part === own) return true;
  if (VOCABULARY.includes(target)) return own !== "lib";
  if (allowed.includes("*")) return !TOP.includes(part) || TOP.indexOf(part) > TOP.indexOf(own);
  return allowed.includes(part) || allowed.includes(target);
}

/** The folder directly below `src` in which a file stands, or the file itself. */
function partOf(path: string): string {
  return path.split("/")[0]!;
}

/** What is needed when the module is evaluated; types and imports on demand are not. */
function runtimeImports(source: Source | undefined): Import[] {
  if (source === undefined) return [];
  const specifiers = statementsOf(code(source.text))
    .filter(({ clause }) => !isTypesOnly(clause))
    .map(({ specifier }) => specifier);
  return source.imports.filter(({ local, specifier }) => local && specifiers.includes(specifier));
}

/** A call of `loadModule`: the module of the type, and the file. */
const LOAD_MODULE = /^loadModule<typeof import\("([^"]+)"\)>\(\s*"([^"]+)",\s*import\.meta\.url,?\s*\)/;

/** The files of src that are loaded with `loadModule`. */
function loadedOnDemand(): string[] {
  const found = sources.flatMap(({ text, imports }) =>
    [...code(text).matchAll(/\bloadModule<typeof import\("([^"]+)"\)>/g)].map(([, file]) =>
      imports.find(({ specifier }) => specifier === file)!.target
    )
  );
  assert.ok(found.length > 10, "calls of loadModule are found");
  return [...new Set(found)];
}

/** What Deno reads, parses and keeps before it runs the file: whatever it leads to, on demand or not. */
function literalGraph(entry: string): Set<string> {
  const graph = new Set<string>();
  const visit = (path: string) => {
    if (graph.has(path)) return;
    graph.add(path);
    const source = sources.find((candidate) => candidate.path === path);
    if (source === undefined) return;
    const onDemand = [...code(source.text).matchAll(/(?<!typeof )\bimport\(\s*"([^"]+)"/g)];
    const specifiers = [
      ...statementsOf(code(source.text)).filter(({ clause }) => !isTypesOnly(clause)).map((each) =>
        each.specifier
      ),
      ...onDemand.map(([, specifier]) => specifier!),
    ];
    for (const { specifier, target } of source.imports) if (specifiers.includes(specifier)) visit(target);
  };
  visit(entry);
  return graph;
}

function isTypesOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([^}]*)\}/.exec(clause)?.[1]?.split(",").map((name) => name.trim()).filter(Boolean);
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith("type "));
}

function readSources(): Source[] {
  const src = join(ROOT, "src");
  return fs.readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => {
      const text = fs.readFileSync(join(src, path), "utf8");
      return { path, text, imports: importsOf(join(src, path), text, src) };
    });
}

/** Static imports, re-exports, imports on demand and types of `import("…")`. */
function importsOf(file: string, text: string, src: string): Import[] {
  const specifiers = new Set<string>();
  const plain = code(text);
  for (const { specifier } of statementsOf(plain)) specifiers.add(specifier);
  for (const [, specifier] of plain.matchAll(/\bimport\(\s*"([^"]+)"/g)) specifiers.add(specifier!);
  for (const [, specifier] of plain.matchAll(/new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g)) {
    specifiers.add(specifier!);
  }
  return [...specifiers].map((specifier) => {
    const local = specifier.startsWith(".");
    return { specifier, local, target: local ? relative(src, resolve(dirname(file), specifier)) : specifier };
  });
}

/** Import and export statements, with what stands between the keyword and `from`. */
function statementsOf(plain: string): { clause: string; specifier: string }[] {
  const statement =
    /^(?:import(?:\s+([\w\s*{},]+?)\s+from)?|export\s+((?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\}))\s+from)\s*"([^"]+)"/gm;
  return [...plain.matchAll(statement)].map(([, imported, exported, specifier]) => ({
    clause: imported ?? exported ?? "",
    specifier: specifier!,
  }));
}

/** The text without its comments. */
function code(text: string): string {
  return text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "");
}
