import assert from "node:assert/strict";
import type { Verdict } from "./attempt_runner.ts";
import { type Attempt, attempts } from "./attempts.ts";
import { runInWorker } from "./support.ts";

const all = ["--allow-all", "--no-prompt", "--quiet"];

Deno.test("A worker without permissions lets no script and no condition out", async () => {
  await withTrap(runInWorker);
});

Deno.test("A worker without permissions lets nothing out of a parent that may do everything", async () => {
  await withTrap((target) => runInProcess("worker", target));
});

Deno.test("A hardened realm lets nothing out, though it has all globals and may do everything", async () => {
  await withTrap((target) => runInProcess("realm", target));
});

interface Target {
  readonly port: number;
  readonly file: string;
}

/** Runs the attempts with a server and a file that would notice an escape, and judges them. */
async function withTrap(run: (target: Target) => Promise<readonly Verdict[]>): Promise<void> {
  let connections = 0;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  const directory = await Deno.makeTempDir();
  const mark = `${directory}/mark`;
  const module = `${directory}/module.js`;
  await Deno.writeTextFile(
    module,
    `globalThis.escaped = true; Deno.writeTextFileSync(${JSON.stringify(mark)}, "");`,
  );
  try {
    const target = { port: listener.addr.port, file: `file://${module}` };
    judge(attempts(target), await run(target));
    await assert.rejects(Deno.stat(mark), Deno.errors.NotFound);
  } finally {
    listener.close();
    await accepting;
    await Deno.remove(directory, { recursive: true });
  }
  assert.equal(connections, 0);
}

async function runInProcess(where: string, { port, file }: Target): Promise<Verdict[]> {
  const parent = new URL("./attempt_parent.ts", import.meta.url).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...all,
      "--config",
      new URL("../../deno.json", import.meta.url).pathname,
      parent,
      where,
      `${port}`,
      file,
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function judge(tried: readonly Attempt[], verdicts: readonly Verdict[]): void {
  assert.deepEqual(verdicts.map(({ name }) => name), tried.map(({ name }) => name));
  const wrong = verdicts.flatMap(({ refused, leaks, name }, index) => {
    const expected = tried[index]?.refused;
    if (leaks.length > 0) return [`${name}: ${[...new Set(leaks)].join("; ")}`];
    if (expected === undefined) return refused === undefined ? [] : [`${name}: is refused: ${refused}`];
    return refused !== undefined && expected.test(refused)
      ? []
      : [`${name}: is not refused as it should: ${refused}`];
  });
  assert.deepEqual(wrong, []);
}
