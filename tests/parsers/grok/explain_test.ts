import assert from "node:assert/strict";
import { explainGrok } from "../../../src/parsers/grok/explain.ts";
import type { ParserOwn } from "../../../src/parsers/parser_config.ts";
import { grokConfig, testContext } from "./support.ts";

async function explain(pattern: string, line: string, changes: Partial<ParserOwn<"grok">> = {}) {
  const explainLine = await explainGrok(grokConfig(pattern, changes), testContext().resources);
  return explainLine(line);
}

Deno.test("explainGrok tells the furthest point that matched", async () => {
  const pattern = "^%{IP:client} %{WORD:method} %{INT:status:int} %{GREEDYDATA:rest}";
  assert.deepEqual(await explain(pattern, "192.0.2.7 GET two hundred"), {
    matched: "^%{IP:client} %{WORD:method} ",
    expected: "%{INT:status:int}",
    at: 14,
  });
  assert.deepEqual(await explain(pattern, "host GET 200 x"), {
    matched: "^",
    expected: "%{IP:client}",
    at: 0,
  });
  assert.deepEqual(await explain(pattern, "192.0.2.7 GET 200"), {
    matched: "^%{IP:client} %{WORD:method} %{INT:status:int}",
    expected: " ",
    at: 17,
  });
});

Deno.test("explainGrok opens what a name means, as far as needed", async () => {
  const line = '192.0.2.7 - - [15/Jan/2024:10:30:45 +0000] "GET / HTTP/1.1" OK 5 "-" "curl"';
  const found = await explain("%{COMBINEDAPACHELOG}", line);
  assert.equal(found?.at, line.indexOf("OK"));
  assert(found?.matched.startsWith("%{IPORHOST:clientip} %{HTTPDUSER:ident} "), found?.matched);
  assert.equal(found?.expected, "(?:-|%{INT:response})");
  const ecs = await explain("%{HTTPD_COMBINEDLOG}", line, { ecs_compatibility: "v1" });
  assert.equal(ecs?.expected, "(?:-|%{INT:[http][response][status_code]:int})");
  const date = await explain("at %{HTTPDATE:timestamp}!", "at 15/Jan/2024:10:3x:45 +0000!");
  assert.deepEqual(date, { matched: "at ", expected: "%{HTTPDATE:timestamp}", at: 19 });
});

Deno.test("explainGrok has nothing to say of a line that matches, or of a choice", async () => {
  assert.equal(await explain("%{WORD:a}", "a"), undefined);
  assert.equal(await explain("a|b", "c"), undefined);
});
