import assert from "node:assert/strict";
import { redacted } from "./support.ts";

const email = (text: string) => redacted("email", text);

Deno.test("redactEmails finds addresses", () => {
  assert.equal(
    email("to=<anna.b+tag@mail.example.co.uk>, 'x_y@a-b.de'."),
    "to=<<anna.b+tag@mail.example.co.uk>>, '<x_y@a-b.de>'.",
  );
  assert.equal(email("jörg@müller.de wrote"), "<jörg@müller.de> wrote");
  assert.equal(email("a@b.cc,d@e.ff"), "<a@b.cc>,<d@e.ff>");
  assert.equal(email("mail a@example.com."), "mail <a@example.com>.");
});

Deno.test("redactEmails leaves what is no address", () => {
  for (
    const text of ["@", "a@", "@b.de", "a@b", "user@localhost", "a @ b.de", "@timestamp", "a@@", "x@1.2", ""]
  ) {
    assert.equal(email(text), text);
  }
});

Deno.test("redactEmails takes linear time", () => {
  for (
    const text of [
      "a".repeat(300_000) + "@",
      "@".repeat(300_000),
      "a@".repeat(100_000),
      "a@" + "b.".repeat(200_000),
    ]
  ) {
    assert.equal(email(text).length >= text.length, true);
  }
});
