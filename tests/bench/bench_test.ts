import assert from "node:assert/strict";
import { bench, type Part, PARTS } from "./bench.ts";
import { tableOf } from "./report.ts";
import { TINY } from "./sizes.ts";

for (const part of Object.keys(PARTS) as Part[]) {
  Deno.test({
    name: `bench measures ${part}, and no line is missing`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const findings = await bench({
        parts: [part],
        sizes: TINY,
        program: undefined,
        withRsyslog: false,
        progress: () => {},
      });
      assert.ok(findings.length > 0, "nothing was found");
      assert.equal(findings.reduce((sum, { missing }) => sum + missing, 0), 0, tableOf(findings));
    },
  });
}
