import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { REPOSITORY } from "../support/repository.ts";

interface Task {
  readonly description?: string;
  readonly command: string;
}

const { tasks } = JSON.parse(Deno.readTextFileSync(join(REPOSITORY, "deno.json"))) as {
  tasks: Record<string, Task>;
};
const compiles = ["compile", "compile-all"].flatMap((name) => tasks[name]!.command.split(" && "));

async function deno(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: REPOSITORY,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("Tasks are described, and none grants everything", () => {
  for (const name of ["demo", "start", "test", "check", "bench", "compile", "compile-all"]) {
    assert.ok(tasks[name]?.description, name);
  }
  for (const [name, { command }] of Object.entries(tasks)) {
    assert.doesNotMatch(command, /(^|\s)(-A|--allow-all)(\s|$)/, name);
  }
});

Deno.test("Tasks compile for five systems, with the permissions and V8 flags of start", async () => {
  const start = tasks["start"]!.command.split(" ").filter((word) => word.startsWith("--"));
  const targets = compiles.flatMap((command) => /--target (\S+)/.exec(command)?.[1] ?? []);
  assert.deepEqual(targets.toSorted(), [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-gnu",
  ]);
  const { stdout: help } = await deno("compile", "--help=full");
  for (const command of compiles) {
    for (const flag of start) assert.ok(command.includes(` ${flag} `), `${flag} in ${command}`);
    for (const [flag] of command.matchAll(/(?<= )--?[a-z][\w-]*/g)) assert.ok(help.includes(flag), flag);
  }
});

/** What the compiler does not find by itself: the entry points of workers, and modules that are loaded on demand. */
function hiddenModules(): string[] {
  const files = [...walk(join(REPOSITORY, "src"))];
  const found = files.flatMap((file) => {
    const text = Deno.readTextFileSync(file);
    const named = text.matchAll(
      /new Worker\(new URL\("([^"]+)", import\.meta\.url\)|^[^*\n]*loadModule<typeof import\("([^"]+)"\)>/gm,
    );
    return [...named].map(([, worker, module]) => join(file, "..", (worker ?? module)!));
  });
  return [...new Set(found)];
}

Deno.test("Tasks compile in what the compiler does not find by itself", () => {
  const hidden = hiddenModules();
  for (const name of ["workers/worker.ts", "outputs/s3/s3_output.ts", "cli/dlq_replay.ts"]) {
    assert.ok(hidden.includes(join(REPOSITORY, "src", name)), name);
  }
  for (const command of compiles) {
    const included = [...command.matchAll(/ --include (\S+)/g)].map(([, path]) => join(REPOSITORY, path!));
    for (const file of hidden) {
      const isIncluded = included.some((path) => file === path || file.startsWith(join(path, "/")));
      assert.ok(isIncluded, `${file} in ${command}`);
    }
  }
});

function* walk(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = join(directory, name);
    if (isDirectory) yield* walk(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

Deno.test("V8 knows the flags of start", async () => {
  const flag = /--v8-flags=\S+/.exec(tasks["start"]!.command)?.[0];
  assert.ok(flag);
  const { code, stderr } = await deno("eval", flag, "0");
  assert.equal(code, 0);
  assert.equal(stderr, "");
});

Deno.test("Executable holds all that it needs: whatever is loaded later is known to the compiler", async () => {
  const roots = [join(REPOSITORY, "src/main.ts"), ...hiddenModules()];
  const directory = await Deno.makeTempDir();
  try {
    const all = join(directory, "all.ts");
    Deno.writeTextFileSync(all, roots.map((path) => `import "${pathToFileURL(path)}";\n`).join(""));
    const { stdout, stderr } = await deno("info", "--json", "--config", join(REPOSITORY, "deno.json"), all);
    assert.ok(stdout, stderr);
    const { modules } = JSON.parse(stdout) as { modules: { specifier: string; error?: string }[] };
    const known = new Set(modules.map(({ specifier }) => specifier));
    for (const { name } of Deno.readDirSync(join(REPOSITORY, "src/cli"))) {
      // Writes files of the repository; no command of the program.
      if (name === "docs.ts" || !name.endsWith(".ts")) continue;
      assert.ok(known.has(pathToFileURL(join(REPOSITORY, "src/cli", name)).href), name);
    }
    for (const name of ["config.yaml.example", "deno.json"]) {
      assert.ok(known.has(pathToFileURL(join(REPOSITORY, name)).href), name);
    }
    assert.deepEqual(modules.filter(({ error }) => error !== undefined), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("Executable runs away from its sources, where Deno's runtime can be had", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, Deno.build.os === "windows" ? "logaggregator.exe" : "logaggregator");
    const args = compiles[0]!.split(" ").slice(1).map((word) => word === "bin/logaggregator" ? file : word);
    const { code, stderr } = await deno(...args);
    if (code !== 0 && /denort|dl\.deno\.land/.test(stderr)) {
      console.log("skipped: the runtime of executables cannot be downloaded here, and DENORT_BIN names none");
      return;
    }
    assert.equal(code, 0, stderr);
    const { stdout } = await new Deno.Command(file, { args: ["version"], cwd: directory }).output();
    assert.match(new TextDecoder().decode(stdout), /^logaggregator \d/);
    const demo = await new Deno.Command(file, { args: ["demo", "--duration", "1s"], cwd: directory })
      .output();
    assert.match(new TextDecoder().decode(demo.stderr), /nothing lost\n$/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
