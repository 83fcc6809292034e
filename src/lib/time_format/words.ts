import type { EpochUnit } from "./epoch.ts";

/** What a word means that stands for a time format. */
export type WordFormat =
  | { readonly kind: "rfc3339" }
  | { readonly kind: "auto" }
  | { readonly kind: "epoch"; readonly unit: EpochUnit }
  | { readonly kind: "layout"; readonly layout: string };

const layout = (text: string): WordFormat => ({ kind: "layout", layout: text });
const RFC3339: WordFormat = { kind: "rfc3339" };
const SYSLOG = layout("Jan _2 15:04:05");
const APACHE = layout("02/Jan/2006:15:04:05 -0700");

/** Words without the characters that people write differently, as `normalise` leaves them. */
const WORDS: Readonly<Record<string, WordFormat>> = {
  auto: { kind: "auto" },
  rfc3339: RFC3339,
  rfc3339nano: RFC3339,
  rfc5424: RFC3339,
  iso8601: RFC3339,
  unix: { kind: "epoch", unit: "s" },
  unixs: { kind: "epoch", unit: "s" },
  unixms: { kind: "epoch", unit: "ms" },
  unixus: { kind: "epoch", unit: "us" },
  unixns: { kind: "epoch", unit: "ns" },
  epoch: { kind: "epoch", unit: "s" },
  epochms: { kind: "epoch", unit: "ms" },
  epochus: { kind: "epoch", unit: "us" },
  epochns: { kind: "epoch", unit: "ns" },
  rfc3164: SYSLOG,
  syslog: SYSLOG,
  apache: APACHE,
  commonlog: APACHE,
  apacheerror: layout("Mon Jan _2 15:04:05 2006"),
  nginxerror: layout("2006/01/02 15:04:05"),
  klog: layout("0102 15:04:05"),
  // The names that Go gives to layouts.
  ansic: layout("Mon Jan _2 15:04:05 2006"),
  unixdate: layout("Mon Jan _2 15:04:05 MST 2006"),
  rubydate: layout("Mon Jan 02 15:04:05 -0700 2006"),
  rfc822: layout("02 Jan 06 15:04 MST"),
  rfc822z: layout("02 Jan 06 15:04 -0700"),
  rfc850: layout("Monday, 02-Jan-06 15:04:05 MST"),
  rfc1123: layout("Mon, 02 Jan 2006 15:04:05 MST"),
  rfc1123z: layout("Mon, 02 Jan 2006 15:04:05 -0700"),
  kitchen: layout("3:04PM"),
  stamp: SYSLOG,
  stampmilli: layout("Jan _2 15:04:05.000"),
  stampmicro: layout("Jan _2 15:04:05.000000"),
  stampnano: layout("Jan _2 15:04:05.000000000"),
  datetime: layout("2006-01-02 15:04:05"),
  dateonly: layout("2006-01-02"),
  timeonly: layout("15:04:05"),
};

/** The words to name in messages, as they are usually written. */
export const TIME_FORMAT_WORDS: readonly string[] = [
  "auto",
  "rfc3339",
  "iso8601",
  "unix",
  "unix_ms",
  "unix_us",
  "unix_ns",
  "rfc3164",
  "syslog",
  "apache",
  "common_log",
  "rfc1123",
  "rfc822",
  "klog",
];

/** What the word means, in any case and with any of `-`, `_` and spaces in it; undefined: it is none of the words. */
export function wordFormat(word: string): WordFormat | undefined {
  const normal = word.toLowerCase().replace(/[-_\s]/gu, "");
  return Object.hasOwn(WORDS, normal) ? WORDS[normal] : undefined;
}
