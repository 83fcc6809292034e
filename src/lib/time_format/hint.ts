import { suggest } from "../suggest.ts";
import { TIME_FORMAT_WORDS } from "./words.ts";

const ALLOWED =
  ` allowed: a Go layout (how 2006-01-02 15:04:05 would be written), strptime such as %d/%b/%Y:%H:%M:%S %z, or one of ${
    TIME_FORMAT_WORDS.join(", ")
  }`;

/** Letters of formats such as yyyy-MM-dd, which Java, .NET and Logstash have, in strptime. */
const LETTERS: readonly (readonly [RegExp, string])[] = [
  [/^(?:y{4}|Y{4}|u{4})/u, "%Y"],
  [/^(?:yy|YY)/u, "%y"],
  [/^MMMM?/u, "%b"],
  [/^(?:MM?|mm(?=[-/.](?:d|D|y)))/u, "%m"],
  [/^(?:dd?|DD?)/u, "%d"],
  [/^E{1,4}/u, "%a"],
  [/^(?:HH?|hh(?=:))/u, "%H"],
  [/^(?:mm?|MI)/u, "%M"],
  [/^ss?/u, "%S"],
  [/^(?:S+|f+)/u, "%f"],
  [/^a+/u, "%p"],
  [/^(?:Z+|X+|x+|z+)/u, "%z"],
  [/^'([^']*)'/u, "$1"],
  [/^[-/:.,\s[\]T]/u, "$&"],
];

/** To complete a message about a format that is none: what may be meant, and what is allowed. */
export function timeFormatHint(format: string): string {
  const close = suggest(format, TIME_FORMAT_WORDS) ?? translate(format) ?? reference(format);
  return `${close === undefined ? "" : ` did you mean "${close}"?`}${ALLOWED}`;
}

function translate(format: string): string | undefined {
  let rest = format;
  let translated = "";
  while (rest !== "") {
    const [pattern, replacement] = LETTERS.find(([each]) => each.test(rest)) ?? [];
    const found = pattern?.exec(rest)?.[0] ?? "";
    if (pattern === undefined || replacement === undefined || found === "") return undefined;
    translated += found.replace(pattern, replacement);
    rest = rest.slice(found.length);
  }
  return translated.includes("%") ? translated : undefined;
}

/** The layout for a date that was written as an example, but is not the reference time. */
function reference(format: string): string | undefined {
  const parts = /^\d{4}([-/.])\d\d\1\d\d(?:([T ])\d\d:\d\d(:\d\d)?([.,]\d+)?)?/u.exec(format);
  if (parts === null) return undefined;
  const [all, separator = "-", between, seconds, fraction = ""] = parts;
  const date = ["2006", "01", "02"].join(separator);
  const time = between === undefined ? "" : `${between}15:04${seconds === undefined ? "" : ":05"}`;
  return `${date}${time}${fraction.replace(/\d/gu, "0")}${format.slice(all.length)}`;
}
