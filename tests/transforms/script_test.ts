import assert from "node:assert/strict";
import { newEvent } from "../../src/event.ts";
import { hardenRealm } from "../../src/sandbox/harden.ts";
import { createScript } from "../../src/transforms/script.ts";

const warnings: string[] = [];
const context = {
  resources: { file: () => new Uint8Array(), directory: () => new Map() },
  now: () => 0,
  warn: (text: string) => void warnings.push(text),
};

Deno.test("createScript changes events and drops those for which the code returns null", async () => {
  hardenRealm();
  const script = await createScript(
    { code: "if (event.fields.n > 1) return null;\nevent.fields.n++;" },
    context,
  );
  const event = newEvent({ input: "in", stream: "/a.log", labels: {} });
  event.fields = { n: 1 };
  assert.equal(script.apply(event), event);
  assert.deepEqual(event.fields, { n: 2 });
  assert.equal(script.apply(event), undefined);
});

Deno.test("createScript tells the key of code that fails or is wrong", async () => {
  hardenRealm();
  const script = await createScript({ code: "event.fields.a.b = 1" }, context);
  script.apply(newEvent({ input: "in", stream: "/a.log", labels: {} }));
  assert.match(warnings.join(), /^Cannot run the script under "code": /);
  await assert.rejects(async () => await createScript({ code: "fetch()" }, context), {
    name: "KeyError",
    key: "code",
  });
});
