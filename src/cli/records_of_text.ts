import { createFramer } from "../framing/framing.ts";
import { framingOf } from "../framing/framing_options.ts";
import { LineScanner } from "../framing/lines.ts";
import type { ParserConfig } from "../parsers/parser_config.ts";

/** The records of a text, joined as the parsers of an input have it, each without the line break at its end. */
export function recordsOfText(text: string, parsers: readonly ParserConfig[]): string[] {
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const lines = new TextEncoder().encode(whole);
  const scanner = new LineScanner();
  const { count } = scanner.scan(lines, 0, lines.length);
  const options = framingOf(parsers);
  let batch = { bytes: lines, ends: scanner.ends(count) };
  if (options !== undefined) {
    const grouping = createFramer(options).begin();
    grouping.add(lines, batch.ends);
    grouping.finish();
    batch = grouping.take(lines, batch.ends);
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return [...batch.ends].map((end, index) =>
    decoder.decode(batch.bytes.subarray(index === 0 ? 0 : batch.ends[index - 1], end)).replace(/\r?\n$/, "")
  );
}
