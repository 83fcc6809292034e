import assert from "node:assert/strict";
import fc from "fast-check";
import { normalize } from "node:path";
import { PathTemplate } from "../../../src/outputs/file/path_template.ts";
import { sourceOf } from "../../contracts/batches.ts";

const TIME = Date.UTC(2026, 10, 22, 10, 0, 0);

function render(template: string, stream = "/var/log/app.log", labels: Record<string, string> = {}): string {
  return new PathTemplate(template, "utc").render(sourceOf(stream, labels), TIME);
}

Deno.test("PathTemplate renders the time, the source and labels", () => {
  assert.equal(render("/out/all.log"), "/out/all.log");
  assert.equal(render("/out/%Y-%m-%d/{{ source }}"), "/out/2026-11-22/_var_log_app.log");
  assert.equal(render("/out/{{input}}-{{ file }}.gz", "x", { file: "app.log" }), "/out/files-0-app.log.gz");
  assert.equal(render("/out/{{ nothing }}/{{ constructor }}"), "/out/unknown/unknown");
  assert.equal(render("/out/100%%/{{ input }}"), "/out/100%/files-0");
});

Deno.test("PathTemplate takes the literal directory before the first part as its root", () => {
  const roots: Record<string, string> = {
    "/out/all.log": "/out",
    "/out/%Y/x.log": "/out",
    "/out/app-{{ source }}.log": "/out",
    "out/a/%Y.log": "out/a",
    "%Y.log": ".",
    "all.log": ".",
    "/out//deep//%Y.log": "/out/deep",
  };
  for (const [template, root] of Object.entries(roots)) {
    assert.equal(new PathTemplate(template, "utc").root, root, template);
  }
});

Deno.test("PathTemplate refuses what could leave its root or names no file", () => {
  for (
    const template of [
      "",
      "/out/",
      "/%Y.log",
      "/{{ source }}/a",
      "/out/%Y/../x",
      "/out/%Y/",
      "/out/%Y/./x",
      "/out/%Q",
    ]
  ) {
    assert.throws(() => new PathTemplate(template, "utc"), Error, template);
  }
});

Deno.test("PathTemplate refuses values of single records, which no path has", () => {
  for (const name of ["fields.app", "level", "message", "timestamp", "id"]) {
    assert.throws(() => new PathTemplate(`/out/{{ ${name} }}.log`, "utc"), {
      message:
        `"{{ ${name} }}" is of single records; a path takes {{ source }}, {{ file }}, {{ input }} and labels`,
    });
  }
});

Deno.test("PathTemplate keeps every value below the root, as one part of a path that a file system takes", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.constantFrom(
      "..",
      ".",
      "../../etc/passwd",
      "a/../../b",
      "\0",
      "",
      "/",
      "\\..\\",
      "é".repeat(300),
      ".hidden",
    ),
  );
  const template = new PathTemplate("/out/{{ a }}/x-{{ b }}{{ a }}/{{ source }}.log", "utc");
  fc.assert(fc.property(value, value, value, (a, b, stream) => {
    const path = template.render(sourceOf(stream, { a, b }), TIME);
    assert.equal(normalize(path), path);
    const parts = path.split("/");
    assert.equal(parts.length, 5);
    assert.equal(parts[1], "out");
    for (const part of parts.slice(2)) {
      assert.ok(part !== "" && part !== "." && part !== "..");
      assert.ok(new TextEncoder().encode(part).length <= 230, part);
      assert.ok(!part.includes("\0"));
    }
  }));
});

Deno.test("PathTemplate keeps long values with one beginning apart", () => {
  assert.notEqual(
    render("/out/{{ source }}", `${"x".repeat(300)}a`),
    render("/out/{{ source }}", `${"x".repeat(300)}b`),
  );
});

Deno.test("PathTemplate renders anew when the second changes", () => {
  const template = new PathTemplate("/out/%S/{{ source }}", "utc");
  const source = sourceOf("a");
  assert.equal(template.render(source, 1000), "/out/01/a");
  assert.equal(template.render(source, 1999), "/out/01/a");
  assert.equal(template.render(source, 2000), "/out/02/a");
  assert.equal(template.render(source, 1000), "/out/01/a");
});

Deno.test("PathTemplate tells paths of now from paths of another time", () => {
  const matches = new PathTemplate("/out/%Y-%m-%d/{{ source }}.log", "utc").matcher(TIME);
  assert.equal(matches("/out/2026-11-22/a.log"), true);
  assert.equal(matches("/out/2026-11-21/a.log"), false);
  assert.equal(matches("/out/2026-11-22/a/b.log"), false);
});
