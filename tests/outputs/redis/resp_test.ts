import assert from "node:assert/strict";
import fc from "fast-check";
import { RedisError, type Reply, ReplyReader } from "../../../src/outputs/redis/resp.ts";

const encoder = new TextEncoder();

/** What the reader makes of chunks, each in a buffer that is used again. */
function read(chunks: readonly Uint8Array[]): Reply[] {
  const replies: Reply[] = [];
  const reader = new ReplyReader();
  reader.onReply = (reply) => replies.push(reply);
  for (const chunk of chunks) {
    const bytes = chunk.slice();
    reader.take(bytes);
    bytes.fill(0);
  }
  return replies;
}

/** A reply as a server writes it. */
function written(reply: Reply): string {
  if (reply === null) return "$-1\r\n";
  if (reply instanceof RedisError) return `-${reply.message}\r\n`;
  if (typeof reply === "number") return `:${reply}\r\n`;
  if (typeof reply === "string") return `$${encoder.encode(reply).length}\r\n${reply}\r\n`;
  return `*${reply.length}\r\n${reply.map(written).join("")}`;
}

Deno.test("ReplyReader takes the same replies however they are cut", () => {
  const leaf = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 80 }),
    fc.integer(),
    fc.constant(null),
    fc.constantFrom("ERR no", "WRONGTYPE Operation against a key").map((text) => new RedisError(text)),
  );
  const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
    reply: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("reply"), { maxLength: 5 })),
  }));
  fc.assert(
    fc.property(
      fc.array(reply, { maxLength: 6 }),
      fc.array(fc.nat(400), { maxLength: 20 }),
      (replies, cuts) => {
        const bytes = encoder.encode(replies.map(written).join(""));
        const places = [...new Set(cuts)].filter((at) => at < bytes.length).sort((a, b) => a - b);
        const chunks = [...places, bytes.length].map((end, index) =>
          bytes.subarray(places[index - 1] ?? 0, end)
        );
        assert.deepEqual(read(chunks), replies);
      },
    ),
  );
});

Deno.test("ReplyReader takes texts without a length, and lists that are absent", () => {
  assert.deepEqual(read([encoder.encode("+OK\r\n*-1\r\n*0\r\n+zwei ü\r\n")]), ["OK", null, [], "zwei ü"]);
});

Deno.test("ReplyReader refuses what is no reply, and what is too long", () => {
  const foreign = /does not speak the protocol of Redis/;
  const cases: readonly (readonly [string, RegExp])[] = [
    ["HTTP/1.1 400 Bad Request\r\n\r\n", foreign],
    ["220 ".padEnd(70_000, "x"), foreign],
    ["$70000000\r\n", /too long/],
    ["$-2\r\n", /too long/],
    ["$x\r\n", /too long/],
    ["*99999999\r\n", /too long/],
  ];
  for (const [text, message] of cases) assert.throws(() => read([encoder.encode(text)]), message, text);
  const item = encoder.encode(`$${1 << 20}\r\n${"x".repeat(1 << 20)}\r\n`);
  const endless = [encoder.encode("*1000\r\n"), ...new Array<Uint8Array>(65).fill(item)];
  assert.throws(() => read(endless), foreign);
});
