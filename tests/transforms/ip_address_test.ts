import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { ipAddressIn, isIpv4, isIpv6 } from "../../src/transforms/ip_address.ts";

Deno.test("isIpv4 and isIpv6 agree with the system's own check", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.string({ unit: fc.constantFrom("0", "1", "25", "a", "F", ":", "::", "."), maxLength: 24 }),
      ),
      (text) => assert.equal(isIpv4(text) ? 4 : isIpv6(text) ? 6 : 0, isIP(text), text),
    ),
    { numRuns: 5000 },
  );
});

Deno.test("ipAddressIn finds the address in what programs log", () => {
  const cases: [string, string | undefined][] = [
    ["10.0.0.1", "10.0.0.1"],
    ["10.0.0.1:443", "10.0.0.1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    [" 203.0.113.7, 10.0.0.1", "203.0.113.7"],
    ["localhost", undefined],
    ["[", undefined],
    ["", undefined],
    ["999.1.1.1", undefined],
  ];
  for (const [text, address] of cases) assert.equal(ipAddressIn(text), address, text);
});
