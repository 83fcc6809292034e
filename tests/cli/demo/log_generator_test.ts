import assert from "node:assert/strict";
import { join } from "node:path";
import { LogGenerator } from "../../../src/cli/demo/log_generator.ts";

Deno.test("LogGenerator writes as many lines as it counts, across rotations of both kinds", async () => {
  const directory = await Deno.makeTempDir();
  try {
    let seed = 1;
    const random = () => (seed = seed * 16807 % 2147483647) / 2147483647;
    const generator = new LogGenerator(directory, random);
    const start = Date.now();
    for (let tick = 0; tick < 200; tick++) generator.tick(start + tick * 50);
    generator.stop();
    let lines = 0;
    const files: string[] = [];
    for (const folder of ["nginx", "shop", "billing"]) {
      for (const { name } of Deno.readDirSync(join(directory, folder))) {
        files.push(name);
        lines += Deno.readTextFileSync(join(directory, folder, name)).split("\n").length - 1;
      }
    }
    assert.equal(lines, generator.lines);
    assert.ok(lines > 1000);
    for (const name of ["access.log.4", "app.log.3", "billing.log.3"]) assert.ok(files.includes(name), name);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
