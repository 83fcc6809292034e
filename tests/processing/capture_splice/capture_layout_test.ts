import assert from "node:assert/strict";
import { parsePattern } from "../../../src/lib/regular_expression/parse.ts";
import { type CaptureLayout, layOutCaptures } from "../../../src/processing/capture_splice/capture_layout.ts";

/** What the places of a layout say: the text of each group as it is cut out of the line. */
function cut(layout: CaptureLayout, line: string): Record<string, string> {
  const match = new RegExp(layout.written.source, layout.written.flags).exec(line);
  assert.ok(match !== null);
  const found: Record<string, string> = {};
  for (const { name, number, place } of layout.groups) {
    const text: string | undefined = match[number];
    if (text === undefined) continue;
    const locate = new Function("match", "start", `${layout.declarations.join("\n")}; return ${place};`);
    const start: number = locate(match, match.index);
    assert.equal(line.slice(start, start + text.length), text, name);
    found[name] = text;
  }
  return found;
}

Deno.test("layOutCaptures tells the places of groups between fixed texts, gaps, choices and what is optional", () => {
  const cases: [pattern: string, line: string, groups: Record<string, string>][] = [
    [String.raw`^(?<a>\S+) (?<b>\d+)$`, "xy 12", { a: "xy", b: "12" }],
    [String.raw`(?<a>b+)\s*=\s*"(?<b>[^"]*)"`, 'aa bb  = "x y" ', { a: "bb", b: "x y" }],
    [String.raw`^\w+: +(?<a>\d+)(?: of (?<b>\d+))?(?:, (?<c>\w+))? end`, "n:  5 of 70, ok end", {
      a: "5",
      b: "70",
      c: "ok",
    }],
    [String.raw`^\w+: +(?<a>\d+)(?: of (?<b>\d+))?(?:, (?<c>\w+))? end`, "n:  5, ok end", {
      a: "5",
      c: "ok",
    }],
    [
      String.raw`"(?:(?<verb>\w+) (?<path>\S+)|(?<raw>.*?))" (?:-|(?<size>\d+)) (?<rest>.*)`,
      '"GET /x" 17 z',
      {
        verb: "GET",
        path: "/x",
        size: "17",
        rest: "z",
      },
    ],
    [String.raw`"(?:(?<verb>\w+) (?<path>\S+)|(?<raw>.*?))" (?:-|(?<size>\d+)) (?<rest>.*)`, '"??" - z', {
      raw: "??",
      rest: "z",
    }],
    [String.raw`(?<outer>(?<one>a+)-+(?<two>b+))c(?<three>.)`, "xaa--bbbcd", {
      outer: "aa--bbb",
      one: "aa",
      two: "bbb",
      three: "d",
    }],
    [String.raw`(?<=x)(?:ab){2}(?!y)(?<a>.+)|z+(?<b>.)`, "xababq", { a: "q" }],
    [String.raw`(?<=x)(?:ab){2}(?!y)(?<a>.+)|z+(?<b>.)`, "-zzz", { b: "z" }],
  ];
  for (const [pattern, line, groups] of cases) {
    const layout = layOutCaptures(parsePattern(pattern));
    assert.ok(layout !== undefined, pattern);
    assert.deepEqual(cut(layout, line), groups, pattern);
  }
});

Deno.test("layOutCaptures gives up where groups repeat, look around or are referred to", () => {
  for (
    const pattern of [
      String.raw`(?:(?<a>\d),)+`,
      String.raw`(?=(?<a>\d))x`,
      String.raw`(?<a>["']).*\k<a>(?<b>.)`,
    ]
  ) {
    assert.equal(layOutCaptures(parsePattern(pattern)), undefined, pattern);
  }
});

Deno.test("layOutCaptures leaves what is behind the last group as it is", () => {
  const layout = layOutCaptures(parsePattern(String.raw`^a+(?<b>\d+) .*x+$`));
  assert.equal(layout?.written.source, String.raw`^(a+)(\d+) [^\n]*x+$`);
  assert.equal(layout?.written.names.length, 3);
});
