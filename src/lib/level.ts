/** The severity of a record, without finer degrees. */
export type LevelName = "debug" | "info" | "warn" | "error" | "fatal";

const WORDS: Readonly<Record<LevelName, readonly string[]>> = {
  debug: [
    "debug",
    "trace",
    "verbose",
    "fine",
    "finer",
    "finest",
    "dbg",
    "trc",
    "vrb",
    "debu",
    "trac",
    "d",
    "t",
    "v",
  ],
  info: ["info", "information", "informational", "notice", "note", "config", "log", "inf", "i", "n"],
  warn: ["warn", "warning", "wrn", "w"],
  error: ["error", "err", "severe", "failure", "eror", "erro", "e"],
  fatal: [
    "fatal",
    "critical",
    "crit",
    "panic",
    "emerg",
    "emergency",
    "alert",
    "ftl",
    "pnc",
    "fata",
    "pani",
    "dpanic",
    "f",
    "c",
    "p",
  ],
};

/** Levels of the texts that were looked up so far, as they are written; data decides what they are, so not too many. */
const known = new Map<string, LevelName>();
const MOST_KNOWN = 256;

const levels = new Map<string, LevelName>();
for (const level of Object.keys(WORDS) as LevelName[]) {
  for (const word of WORDS[level]) levels.set(word, level);
}

/** By syslog's severity: emergency, alert, critical, error, warning, notice, informational, debug. */
const SEVERITIES: readonly LevelName[] = [
  "fatal",
  "fatal",
  "fatal",
  "error",
  "warn",
  "info",
  "info",
  "debug",
];

/** By tens: the numbers of pino and bunyan, 10 (trace) to 60 (fatal). */
const TENS: readonly (LevelName | undefined)[] = [
  undefined,
  "debug",
  "debug",
  "info",
  "warn",
  "error",
  "fatal",
];

/**
 * The level that a value names: a word in any case such as `WARNING`, `[crit]` or `E`, or a number of pino such as 50
 * (those between belong to the level below). Undefined: it names none.
 */
export function parseLevel(value: unknown): LevelName | undefined {
  if (typeof value === "string") return known.get(value) ?? lookUp(value);
  return typeof value === "number" ? TENS[Math.floor(value / 10)] : undefined;
}

/** The level of a syslog severity, 0 (emergency) to 7 (debug); undefined for anything else. */
export function levelOfSeverity(severity: number): LevelName | undefined {
  return SEVERITIES[severity];
}

/** Brackets and the like may stand around the word. */
const LEVEL = /^[\s"'()*,.:<>[\]{|}-]*([a-z]{1,13}|\d\d)[\s"'()*,.:<>[\]{|}-]*$/iu;
/** Longer texts name no level. */
const LONGEST = 32;

function lookUp(text: string): LevelName | undefined {
  const word = text.length > LONGEST ? undefined : LEVEL.exec(text)?.[1];
  if (word === undefined) return undefined;
  const level = levels.get(word.toLowerCase()) ?? TENS[Math.floor(Number(word) / 10)];
  if (level !== undefined && known.size < MOST_KNOWN) known.set(text, level);
  return level;
}
