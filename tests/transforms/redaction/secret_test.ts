import assert from "node:assert/strict";
import { redacted } from "./support.ts";

const secret = (text: string) => redacted("secret", text);

Deno.test("redactSecrets hides values behind names of secrets", () => {
  assert.equal(secret("user=a password=hunter2 x=1"), "user=a password=<hunter2> x=1");
  assert.equal(secret("Api-Key: abc, next"), "Api-Key: <abc>, next");
  assert.equal(secret("?access_key=k&page=2"), "?access_key=<k>&page=2");
  assert.equal(secret("Authorization: Bearer xyz"), "Authorization: Bearer <xyz>");
  assert.equal(secret("db_password = 'a b'"), "db_password = '<a b>'");
});

Deno.test("redactSecrets leaves JSON JSON", () => {
  assert.equal(secret('{"password": "a \\" b", "user": "c"}'), '{"password": "<a \\" b>", "user": "c"}');
  assert.equal(secret('{"token":12,"x":1}'), '{"token":<12>,"x":1}');
  assert.equal(secret('"{\\"secret\\":\\"x\\"}"'), '"{\\"secret\\":\\"<x>\\"}"');
});

Deno.test("redactSecrets leaves what is no secret", () => {
  for (const text of ["password reset", "passwords: 3", "a=b", "key: value", "user:", ""]) {
    assert.equal(secret(text), text);
  }
});

Deno.test("redactSecrets stays fast on crafted texts", () => {
  for (const text of ['password="'.repeat(30_000), "token:'".repeat(30_000), "=".repeat(200_000)]) {
    secret(text);
  }
});
