import assert from "node:assert/strict";
import fc from "fast-check";
import { isCardNumber } from "../../../src/transforms/redaction/card.ts";
import { redacted } from "./support.ts";

const card = (text: string) => redacted("card", text);

Deno.test("redactCards finds the numbers of all large issuers", () => {
  const numbers = [
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "3530111333300000",
    "6240008631401148",
  ];
  for (const number of numbers) {
    assert.equal(card(`pan=${number};`), `pan=<${number}>;`);
    assert.equal(card(number), `<${number}>`);
  }
});

Deno.test("redactCards finds numbers in groups, also behind other numbers", () => {
  assert.equal(card("4111 1111 1111 1111"), "<4111111111111111>");
  assert.equal(
    card("on 2024-05-01 12 3782-822463-10005 and 4111-1111-1111-1111!"),
    "on 2024-05-01 12 <378282246310005> and <4111111111111111>!",
  );
});

Deno.test("redactCards leaves what is no card", () => {
  for (
    const text of [
      "4111111111111112",
      "1714564800000",
      "1714564800000000000",
      "0.4111111111111111",
      "4111111111111111.5",
      "a4111111111111111",
      "4111111111111111f",
      "24111111111111111",
      "4111  1111  1111  1111",
      "no digits",
      "",
    ]
  ) assert.equal(card(text), text);
});

Deno.test("redactCards finds a card in any text around it", () => {
  fc.assert(fc.property(
    fc.string({ unit: fc.constantFrom("a", "1", "9", " ", "-", ".", ":", "é") }),
    fc.string({ unit: fc.constantFrom("a", "1", "9", " ", "-", ".", ":", "é") }),
    (before, after) => {
      assert.ok(card(`${before}, 4111-1111 11111111, ${after}`).includes("<4111111111111111>"));
    },
  ));
});

Deno.test("redactCards takes linear time", () => {
  const digits = "1 ".repeat(500_000);
  assert.equal(card(digits), digits);
});

Deno.test("isCardNumber checks the check digit", () => {
  assert.equal(isCardNumber("4111111111111111"), true);
  assert.equal(isCardNumber("4111111111111121"), false);
});
