import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { fieldsOf, ReverseWriter } from "../../../src/outputs/otlp/protobuf.ts";
import { protobufLogs } from "../../../src/outputs/otlp/protobuf_logs.ts";

Deno.test("ReverseWriter writes the bytes of the protobuf documentation", () => {
  const writer = new ReverseWriter(1);
  const before = writer.length;
  writer.integer(1, 150n);
  writer.message(3, before);
  writer.string(2, "testing");
  writer.integer(1, 150n);
  assert.equal(Buffer.from(writer.finish()).toString("hex"), "089601" + "120774657374696e67" + "1a03089601");
});

Deno.test("ReverseWriter writes what fieldsOf reads, whatever the size", () => {
  fc.assert(fc.property(
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    fc.string({ unit: "grapheme", maxLength: 1500 }),
    fc.uint8Array({ maxLength: 20_000 }),
    fc.integer({ min: 1, max: 200_000 }),
    fc.double(),
    (integer, text, bytes, field, double) => {
      const writer = new ReverseWriter(16);
      writer.double(5, double);
      writer.fixed64(4, integer);
      writer.bytes(field, bytes);
      writer.string(2, text);
      writer.integer(1, integer);
      const fields = fieldsOf(writer.finish());
      assert.deepEqual(fields.map((each) => each.field), [1, 2, field, 4, 5]);
      const values = fields.map(({ value }) => value);
      assert.equal(BigInt.asIntN(64, values[0] as bigint), integer);
      assert.equal(Buffer.from(values[1] as Uint8Array).toString(), text.toWellFormed());
      assert.deepEqual(new Uint8Array(values[2] as Uint8Array), new Uint8Array(bytes));
      assert.equal(Buffer.from(values[3] as Uint8Array).readBigInt64LE(), integer);
      assert.ok(Object.is(Buffer.from(values[4] as Uint8Array).readDoubleLE(), double));
    },
  ));
});

Deno.test("fieldsOf takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    fieldsOf(bytes);
  }));
});

Deno.test("protobufLogs writes a request with each kind of value", () => {
  const value = {
    kvlistValue: {
      values: [
        { key: "list", value: { arrayValue: { values: [{ intValue: "1" }, { stringValue: "ü" }, {}] } } },
        { key: "no", value: { boolValue: false } },
        { key: "d", value: { doubleValue: 1.5 } },
      ],
    },
  };
  const bytes = protobufLogs({
    resource: '[{"key":"service.name","value":{"stringValue":"shop"}}]',
    scope: { name: "s", version: "1" },
    records: [
      {
        timeUnixNano: "1764064800123456789",
        observedTimeUnixNano: "2",
        severityNumber: 17,
        severityText: "error",
        body: { stringValue: "said" },
        traceId: "0af7651916cd43dd8448eb211c80319c",
        attributes: [{ key: "a", value }, { key: "n", value: { intValue: "-1" } }],
      },
      { observedTimeUnixNano: "3", body: {}, attributes: [] },
    ].map((record) => JSON.stringify(record)),
  }, 1);
  const only = (of: Uint8Array, field: number): Uint8Array => {
    const values = fieldsOf(of).filter((each) => each.field === field);
    assert.equal(values.length, 1);
    return values[0]!.value as Uint8Array;
  };
  const text = (of: Uint8Array, field: number) => Buffer.from(only(of, field)).toString();
  const resourceLogs = only(bytes, 1);
  const attribute = only(only(resourceLogs, 1), 1);
  assert.deepEqual([text(attribute, 1), text(only(attribute, 2), 1)], ["service.name", "shop"]);
  const scopeLogs = only(resourceLogs, 2);
  assert.deepEqual([text(only(scopeLogs, 1), 1), text(only(scopeLogs, 1), 2)], ["s", "1"]);
  const records = fieldsOf(scopeLogs).filter(({ field }) => field === 2).map((each) =>
    each.value as Uint8Array
  );
  assert.equal(records.length, 2);
  const [first, second] = records as [Uint8Array, Uint8Array];
  assert.equal(Buffer.from(only(first, 1)).readBigUInt64LE(), 1764064800123456789n);
  assert.equal(fieldsOf(first).find(({ field }) => field === 2)?.value, 17n);
  assert.equal(text(first, 3), "error");
  assert.equal(text(only(first, 5), 1), "said");
  assert.equal(Buffer.from(only(first, 9)).toString("hex"), "0af7651916cd43dd8448eb211c80319c");
  assert.equal(Buffer.from(only(first, 11)).readBigUInt64LE(), 2n);
  const [a, n] = fieldsOf(first).filter(({ field }) => field === 6).map((each) => each.value as Uint8Array);
  assert.deepEqual([text(a!, 1), text(n!, 1)], ["a", "n"]);
  assert.equal(BigInt.asIntN(64, fieldsOf(only(n!, 2))[0]?.value as bigint), -1n);
  const members = fieldsOf(only(only(a!, 2), 6)).map((each) => each.value as Uint8Array);
  assert.deepEqual(members.map((member) => text(member, 1)), ["list", "no", "d"]);
  const items = fieldsOf(only(only(members[0]!, 2), 5)).map((each) => each.value as Uint8Array);
  assert.deepEqual(items.map((item) => fieldsOf(item)[0]?.field), [3, 1, undefined]);
  assert.equal(fieldsOf(only(members[1]!, 2))[0]?.value, 0n);
  assert.equal(Buffer.from(only(only(members[2]!, 2), 4)).readDoubleLE(), 1.5);
  assert.deepEqual(fieldsOf(second).map(({ field }) => field), [5, 11]);
});
