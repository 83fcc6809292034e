import assert from "node:assert/strict";
import { redacted } from "./support.ts";

const token = (text: string) => redacted("token", text);
const letters = (count: number) => "aB3dE6gH9".repeat(20).slice(0, count);

Deno.test("redactTokens finds the tokens of well-known services", () => {
  const tokens = [
    `eyJhbGciOiJIUzI1NiJ9.${"eyJzdWIiOiIxIn0"}.${letters(43)}`,
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + letters(35),
    "ghp_" + letters(36),
    "github_pat_" + letters(40),
    "glpat-" + letters(20),
    "xoxb-" + "123456789012-" + letters(12),
    "sk_live_" + letters(24),
    "whsec_" + letters(32),
    "npm_" + letters(36),
    `SG.${letters(22)}.${letters(43)}`,
  ];
  for (const secret of tokens) {
    assert.equal(token(`key=${secret} end`), `key=<${secret}> end`);
    assert.equal(token(`"${secret}"`), `"<${secret}>"`);
  }
});

Deno.test("redactTokens finds credentials of HTTP and in URLs", () => {
  assert.equal(token("Authorization: Bearer abc123def456"), "Authorization: Bearer <abc123def456>");
  assert.equal(token("basic no, Basic YWxhZGRpbjpvcGVu= yes"), "basic no, Basic <YWxhZGRpbjpvcGVu=> yes");
  assert.equal(token("postgres://app:s3cret@db:5432/x"), "postgres://app:<s3cret>@db:5432/x");
});

Deno.test("redactTokens finds private keys", () => {
  const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
  assert.equal(token(`a ${key} b`), `a <${key}> b`);
  assert.equal(token("-----BEGIN PRIVATE KEY-----\nMIIE"), "<-----BEGIN PRIVATE KEY-----\nMIIE>");
});

Deno.test("redactTokens leaves what is no token", () => {
  for (
    const text of [
      "Basic authentication failed",
      "bearer of bad news",
      "eyJ.x.y",
      "task-force",
      "http://example.com:8080/x@y",
      "AKIA",
      "MYAKIAIOSFODNN7EXAMPLE",
      "8f14e45f-ceea-467f-a9f2-3f0e2a1b7c11",
      "",
    ]
  ) assert.equal(token(text), text);
});

Deno.test("redactTokens stays fast on crafted texts", () => {
  for (const text of ["-eyJaaaaaaaa".repeat(20_000), "://a:".repeat(50_000), "bearer ".repeat(50_000)]) {
    token(text);
  }
});
