const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3, // U+00B5, the micro sign
  "μs": 1e-3, // U+03BC, the Greek letter
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Milliseconds of a duration in Go's notation, such as `5s`, `1m30s`, `1.5h`, `100ms` or a plain `0`. Undefined for
 * anything else, negative durations included.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  let total = 0;
  let position = 0;
  while (position < text.length) {
    PART.lastIndex = position;
    const part = PART.exec(text);
    if (part === null) return undefined;
    total += Number(part[1]) * (MILLISECONDS[part[2] ?? ""] ?? Number.NaN);
    position = PART.lastIndex;
  }
  // Nanoseconds are the finest unit: rounding to them takes back what binary fractions add.
  return text === "" || !Number.isFinite(total) ? undefined : Math.round(total * 1e6) / 1e6;
}

/** A duration as `parseDuration` reads it: 90000 becomes `1m30s`. `milliseconds`: not negative. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  if (milliseconds < 1000) return `${decimal(milliseconds)}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = (milliseconds % 60_000) / 1000;
  return (hours > 0 ? `${hours}h` : "") + (minutes > 0 ? `${minutes}m` : "") +
    (seconds > 0 ? `${decimal(seconds)}s` : "");
}

/** Without exponent, and without the digits that binary fractions add below a nanosecond. */
function decimal(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, "");
}
