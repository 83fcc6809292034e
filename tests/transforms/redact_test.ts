import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createTransform, eventWith, fieldsFrom, mistakeOf, plain, transformed } from "./support.ts";

const MASK = "***REDACTED***";

Deno.test("redact hides the usual secrets by name, at any depth and in any spelling", async () => {
  const redact = await createTransform("redact", {});
  assert.deepEqual(
    transformed(redact, {
      password: "x",
      Api_Key: 5,
      user: { name: "anna", "access-key": "y", deep: [{ Authorization: "z" }, "password"] },
      auth: { user: "a", password: "b" },
      authority: "stays",
      token: null,
      secret: undefined,
    }),
    {
      password: MASK,
      Api_Key: MASK,
      user: { name: "anna", "access-key": MASK, deep: [{ Authorization: MASK }, "password"] },
      auth: MASK,
      authority: "stays",
      token: null,
    },
  );
});

Deno.test("redact takes names and paths from the configuration", async () => {
  const redact = await createTransform("redact", { fields: ["ssn", "user.name", "list[0]"], mask: "-" });
  assert.deepEqual(
    transformed(redact, { SSN: 1, name: "n", user: { name: "n", x: 1 }, list: ["a", "b"], password: "p" }),
    {
      SSN: "-",
      name: "n",
      user: { name: "-", x: 1 },
      list: ["-", "b"],
      password: "p",
    },
  );
});

Deno.test("redact hides what looks like a secret in all texts", async () => {
  const redact = await createTransform("redact", {
    patterns: ["email", "card", "ip", "token", "secret", "\\bid-\\d+"],
  });
  const event = eventWith(
    {
      a: "to anna@example.com",
      n: { list: ["10.0.0.1", { x: "id-42" }] },
      card: 4111111111111111,
      number: 4711,
    },
    { message: "card 4111 1111 1111 1111 from ::1 with password=hunter2", raw: "raw anna@example.com" },
  );
  redact.apply(event);
  assert.equal(event.message, `card ${MASK} from ${MASK} with password=${MASK}`);
  assert.equal(event.raw, `raw ${MASK}`);
  assert.deepEqual(plain(event.fields), {
    a: `to ${MASK}`,
    n: { list: [MASK, { x: MASK }] },
    card: MASK,
    number: 4711,
  });
});

Deno.test("redact with patterns alone leaves the usual names", async () => {
  const redact = await createTransform("redact", { patterns: ["email"] });
  assert.deepEqual(transformed(redact, { password: "x" }), { password: "x" });
});

Deno.test("redact hides the raw line once a field was hidden by its name", async () => {
  const redact = await createTransform("redact", {});
  const secret = eventWith({ password: "x" }, { message: "m", raw: '{"password":"x"}' });
  redact.apply(secret);
  assert.equal(secret.raw, MASK);
  const clean = eventWith({ user: "x" }, { message: "m", raw: '{"user":"x"}' });
  redact.apply(clean);
  assert.equal(clean.raw, '{"user":"x"}');
});

Deno.test("redact hashes with a key, so that equal values stay equal", async () => {
  const redact = await createTransform("redact", {
    fields: ["user"],
    patterns: ["email"],
    action: "hash",
    salt: "s",
  });
  const hash = (text: string) => createHmac("sha256", "s").update(text).digest("hex").slice(0, 16);
  assert.deepEqual(transformed(redact, { user: "anna", n: { user: 5 }, mail: "<a@b.de>" }), {
    user: hash("anna"),
    n: { user: hash("5") },
    mail: `<${hash("a@b.de")}>`,
  });
});

Deno.test("redact removes fields, and what it finds in texts", async () => {
  const redact = await createTransform("redact", { fields: ["user"], patterns: ["email"], action: "remove" });
  assert.deepEqual(
    transformed(redact, { user: "anna", n: { user: 5, x: 1 }, mail: "<a@b.de>", list: ["a@b.de"] }),
    {
      n: { x: 1 },
      mail: "<>",
      list: [""],
    },
  );
});

Deno.test("redact takes the event's own message for a field", async () => {
  const redact = await createTransform("redact", { fields: ["message"] });
  const event = eventWith({}, { message: "own" });
  redact.apply(event);
  assert.equal(event.message, MASK);
});

Deno.test("redact takes a dollar in the mask for a dollar", async () => {
  const redact = await createTransform("redact", { patterns: ["(x)y"], mask: "$1$&" });
  assert.deepEqual(transformed(redact, { a: "axyb" }), { a: "a$1$&b" });
});

Deno.test("redact survives patterns that match nothing", async () => {
  const redact = await createTransform("redact", { patterns: ["q*"] });
  assert.deepEqual(transformed(redact, { a: "aqqb" }), { a: `a${MASK}b` });
});

Deno.test("redact hides whole what is nested too deep to look at", async () => {
  const redact = await createTransform("redact", { fields: ["p"] });
  const event = eventWith(fieldsFrom(`${'{"a":'.repeat(3000)}{"p":"secret"}${"}".repeat(3000)}`));
  redact.apply(event);
  assert.ok(JSON.stringify(event.fields).includes(MASK));
  assert.ok(!JSON.stringify(event.fields).includes("secret"));
  const list = eventWith(fieldsFrom(`{"l":${"[".repeat(3000)}{"p":"secret"}${"]".repeat(3000)}}`));
  redact.apply(list);
  assert.ok(!JSON.stringify(list.fields).includes("secret"));
});

Deno.test("redact takes __proto__ for a name", async () => {
  const redact = await createTransform("redact", { fields: ["x", "__proto__"] });
  const event = eventWith(fieldsFrom('{"__proto__": {"x": 1}, "n": {"constructor": {"x": 1}}}'));
  redact.apply(event);
  assert.equal(JSON.stringify(event.fields), `{"__proto__":"${MASK}","n":{"constructor":{"x":"${MASK}"}}}`);
});

Deno.test("redact says what is wrong", async () => {
  assert.match(await mistakeOf("redact", { action: "hash" }), /^salt: is needed with action hash/);
  assert.match(await mistakeOf("redact", { patterns: ["email", "("] }), /^patterns\[1\]: /);
});
