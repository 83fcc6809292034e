import assert from "node:assert/strict";
import { createTransform, transformed } from "./support.ts";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";
const GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

Deno.test("user_agent tells browsers, systems and devices", async () => {
  const userAgent = await createTransform("user_agent", { field: "agent" });
  assert.deepEqual(transformed(userAgent, { agent: CHROME }), {
    agent: CHROME,
    user_agent: {
      name: "Chrome",
      version: "124.0.0.0",
      os: { name: "Windows", version: "10" },
      device: { type: "desktop" },
    },
  });
  assert.deepEqual(transformed(userAgent, { agent: IPHONE }), {
    agent: IPHONE,
    user_agent: {
      name: "Mobile Safari",
      version: "17.4",
      os: { name: "iOS", version: "17.4" },
      device: { type: "mobile", vendor: "Apple", model: "iPhone" },
    },
  });
});

Deno.test("user_agent tells bots and programs", async () => {
  const userAgent = await createTransform("user_agent", { field: "a", target: "u" });
  const told = (a: string) => (transformed(userAgent, { a }) as { u: unknown }).u;
  assert.deepEqual(told(GOOGLEBOT), { name: "Googlebot", version: "2.1", device: { type: "bot" } });
  assert.deepEqual(told("curl/8.5.0"), { name: "curl", version: "8.5.0" });
  assert.deepEqual(told("Go-http-client/1.1"), { name: "Go-http-client", version: "1.1" });
});

Deno.test("user_agent adds nothing where there is no header", async () => {
  const userAgent = await createTransform("user_agent", { field: "n.a" });
  for (const a of [undefined, "", "-"]) {
    assert.deepEqual(transformed(userAgent, { n: { a } }), plainNested(a));
  }
});

Deno.test("user_agent gives each event values of its own", async () => {
  const userAgent = await createTransform("user_agent", { field: "a" });
  const first = transformed(userAgent, { a: CHROME });
  assert.deepEqual(transformed(userAgent, { a: CHROME }), first);
});

Deno.test("user_agent survives any header", async () => {
  const userAgent = await createTransform("user_agent", { field: "a" });
  for (
    const a of [
      "x".repeat(1_000_000),
      "(".repeat(10_000),
      "\u0000\uFFFF",
      "__proto__/1",
      "bot".repeat(10_000),
    ]
  ) {
    assert.notEqual(transformed(userAgent, { a }), undefined);
  }
});

function plainNested(a: string | undefined): unknown {
  return { n: a === undefined ? {} : { a } };
}
