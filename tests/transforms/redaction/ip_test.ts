import assert from "node:assert/strict";
import { redacted } from "./support.ts";

const ip = (text: string) => redacted("ip", text);

Deno.test("redactIps finds IPv4", () => {
  assert.equal(ip("10.0.0.1:443 -> 255.255.255.255."), "<10.0.0.1>:443 -> <255.255.255.255>.");
});

Deno.test("redactIps finds IPv6", () => {
  assert.equal(ip("[2001:db8::1]:443 ::1 fe80::1%eth0"), "[<2001:db8::1>]:443 <::1> <fe80::1>%eth0");
  assert.equal(ip("1:2:3:4:5:6:7:8 and"), "<1:2:3:4:5:6:7:8> and");
  // What takes the place of an address is looked at again for the other version.
  assert.equal(ip("::ffff:10.0.0.1"), "<::ffff:<10.0.0.1>>");
  assert.equal(ip("from fe80::1: refused"), "from <fe80::1>: refused");
});

Deno.test("redactIps leaves what is no address", () => {
  for (
    const text of [
      "1.2.3",
      "256.1.1.1",
      "1.2.3.4.5",
      "v1.2.3.4",
      "12:34:56",
      "aa:bb:cc:dd:ee:ff",
      "std::string",
      "a :: b",
      "1:2:3:4:5:6:7:8:9",
      "",
    ]
  ) assert.equal(ip(text), text);
});

Deno.test("redactIps takes linear time", () => {
  for (const text of ["1.".repeat(200_000), "a:".repeat(200_000), ":".repeat(200_000)]) {
    assert.equal(ip(text), text);
  }
});
