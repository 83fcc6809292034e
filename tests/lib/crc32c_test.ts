import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32c } from "../../src/lib/crc32c.ts";

Deno.test("crc32c is the one of RFC 3720", () => {
  const cases: [Uint8Array, number][] = [
    [Buffer.from("123456789"), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, n) => n), 0x46dd794e],
    [new Uint8Array(), 0],
  ];
  for (const [bytes, expected] of cases) assert.equal(crc32c(bytes), expected);
});
