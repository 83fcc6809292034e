import assert from "node:assert/strict";
import type { FieldValue } from "../../src/event.ts";
import { createTransform, eventWith, mistakeOf, plain, transformed } from "./support.ts";

/** What a value becomes; "removed" if it cannot be converted. */
async function converted(type: string, values: readonly FieldValue[], block = {}): Promise<unknown[]> {
  const convert = await createTransform("convert", { convert: { a: type }, on_error: "remove", ...block });
  return values.map((a) => {
    const fields = transformed(convert, { a }) as { a?: unknown };
    return "a" in fields ? fields.a : "removed";
  });
}

Deno.test("convert makes integers", async () => {
  assert.deepEqual(await converted("int", ["42", " -7 ", "+3", "3.9", "-3.9", "1e3", 5, 5.7, true, "007"]), [
    42,
    -7,
    3,
    3,
    -3,
    1000,
    5,
    5,
    1,
    7,
  ]);
  assert.deepEqual(
    await converted("int", ["", "x", "0x1f", "1,000", "1 2", [1], { b: 1 }, "1e999"]),
    Array(8).fill("removed"),
  );
});

Deno.test("convert keeps all digits of large integers", async () => {
  assert.deepEqual(await converted("int", ["9007199254740993", "-123456789012345678901234567890", 12n]), [
    9007199254740993n,
    -123456789012345678901234567890n,
    12n,
  ]);
});

Deno.test("convert makes floats", async () => {
  assert.deepEqual(await converted("float", ["1.5", ".5", "-2e-3", "4", 1, 2n, false]), [
    1.5,
    0.5,
    -0.002,
    4,
    1,
    2,
    0,
  ]);
  assert.deepEqual(
    await converted("float", ["", "NaN", "Infinity", "1.2.3", "1e999"]),
    Array(5).fill("removed"),
  );
});

Deno.test("convert makes booleans", async () => {
  assert.deepEqual(await converted("bool", ["true", "Yes", "ON", "1", "t", 1, true]), Array(7).fill(true));
  assert.deepEqual(await converted("bool", ["false", "No", "off", "0", "F", 0, 0n]), Array(7).fill(false));
  assert.deepEqual(await converted("bool", ["maybe", "", 2, [true]]), Array(4).fill("removed"));
});

Deno.test("convert makes texts", async () => {
  assert.deepEqual(
    await converted("string", ["x", 1.5, true, 12345678901234567890n, { b: [1n] }, [1, null]]),
    [
      "x",
      "1.5",
      "true",
      "12345678901234567890",
      '{"b":[1]}',
      "[1,null]",
    ],
  );
});

Deno.test("convert makes numbers of bytes", async () => {
  assert.deepEqual(
    await converted("bytes", ["64MiB", "10MB", "5k", "1.5 KiB", "512", "512 bytes", "7B", "1.3k", "2G", 9]),
    [64 * 2 ** 20, 10e6, 5120, 1536, 512, 512, 7, 1331, 2 * 2 ** 30, 9],
  );
  assert.deepEqual(await converted("bytes", ["MB", "-1k", "5X", "", [1]]), Array(5).fill("removed"));
});

Deno.test("convert makes numbers of seconds", async () => {
  assert.deepEqual(
    await converted("duration", [
      "1m30s",
      "250ms",
      "-1.5s",
      "2d3h",
      "1d",
      "00:01:30",
      "04:05",
      "1:00:00.5",
      "12.5",
      "1h 5m",
      7,
    ]),
    [90, 0.25, -1.5, 183600, 86400, 90, 245, 3600.5, 12.5, 3900, 7],
  );
  assert.deepEqual(
    await converted("duration", ["", "soon", "-", "1x", "1:99", "d"]),
    Array(6).fill("removed"),
  );
});

Deno.test("convert makes RFC 3339 of times", async () => {
  assert.deepEqual(
    await converted("timestamp", ["01/May/2024:12:00:00 +0200", "nonsense", [1]], {
      time_format: "%d/%b/%Y:%H:%M:%S %z",
    }),
    ["2024-05-01T10:00:00.000Z", "removed", "removed"],
  );
  assert.deepEqual(
    await converted("timestamp", ["2024-05-01 12:00:00"], {
      time_format: "%Y-%m-%d %H:%M:%S",
      timezone: "Europe/Berlin",
    }),
    ["2024-05-01T10:00:00.000Z"],
  );
});

Deno.test("convert guesses types with auto", async () => {
  const texts = ["1", "-5", "1.50", "true", "false", "9007199254740993"];
  assert.deepEqual(await converted("auto", texts), [1, -5, 1.5, true, false, 9007199254740993n]);
  const kept = [
    "007",
    "+49",
    "1.2.3",
    "0x10",
    "",
    "-",
    "null",
    "True",
    "1e999",
    "12ab",
    "10.0.0.1",
    "2024-05-01",
  ];
  assert.deepEqual(await converted("auto", kept), kept);
  assert.deepEqual(await converted("auto", [1, true, [1]]), [1, true, [1]]);
});

Deno.test("convert guesses the types of listed fields and by pattern", async () => {
  const convert = await createTransform("convert", { fields: ["a", "n.x"], patterns: ["_count$"] });
  assert.deepEqual(
    transformed(convert, { a: "1", n: { x: "2", y: "3" }, hit_count: "4", b: "5", c_count: null }),
    {
      a: 1,
      n: { x: 2, y: "3" },
      hit_count: 4,
      b: "5",
      c_count: null,
    },
  );
});

Deno.test("convert keeps what it cannot convert unless on_error says otherwise", async () => {
  const convert = await createTransform("convert", {
    convert: { a: "int", "n.x": "bool", absent: "int", none: "int" },
  });
  assert.deepEqual(transformed(convert, { a: "x", n: { x: "maybe" }, none: null }), {
    a: "x",
    n: { x: "maybe" },
    none: null,
  });
});

Deno.test("convert takes __proto__ for a name", async () => {
  const convert = await createTransform("convert", {
    convert: JSON.parse('{"__proto__": "int", "toString": "int"}'),
  });
  const event = eventWith(JSON.parse('{"__proto__": "1"}'));
  convert.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"__proto__":1}');
  assert.deepEqual(plain(eventWith({}).fields), {});
});

Deno.test("convert says what is wrong", async () => {
  assert.match(await mistakeOf("convert", {}), /^: needs one of the keys convert, fields or patterns/);
  assert.match(
    await mistakeOf("convert", { convert: { a: "timestamp" }, timezone: "Mars/Base" }),
    /^timezone: /,
  );
});
