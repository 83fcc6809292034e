import assert from "node:assert/strict";
import * as sleep from "../../src/lib/sleep.ts";
import { loadModule, MODULE_NEEDS } from "../../src/lib/load_module.ts";
import { REPOSITORY } from "../support/repository.ts";

const importer = new URL("../../src/outputs/registry.ts", import.meta.url).href;

Deno.test("loadModule gives the module beside the importer, the same as an import", async () => {
  const loaded = await loadModule<typeof sleep>("../lib/sleep.ts", importer);
  assert.equal(loaded, sleep);
});

Deno.test("loadModule needs to read the program's sources, all of them at once", () => {
  assert.deepEqual(MODULE_NEEDS.map((need) => [need.name, "path" in need && need.path]), [
    ["read", `${REPOSITORY}/src`],
  ]);
});

Deno.test("loadModule tells which part cannot be loaded, and why", async () => {
  await assert.rejects(loadModule("./gone/gone_output.ts", importer), (error: Error) => {
    assert.match(
      error.message,
      /^Cannot load outputs\/gone\/gone_output\.ts, a part of the program: Module not/,
    );
    assert.ok(error.cause instanceof TypeError);
    return true;
  });
});

Deno.test("loadModule tells what to do about a part that does not fit the running program", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const module = `${directory}/newer.ts`;
    Deno.writeTextFileSync(
      module,
      `import { gone } from "${new URL("../lib/sleep.ts", importer)}";\ngone();\n`,
    );
    await assert.rejects(
      loadModule(new URL(`file://${module}`).href, importer),
      /newer\.ts, a part of the program: .*'gone'.* If its files were replaced since .*, restart it$/,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
