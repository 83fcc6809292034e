const UNITS: readonly (readonly [name: string, bytes: number])[] = [
  ["TiB", 1024 ** 4],
  ["TB", 1000 ** 4],
  ["GiB", 1024 ** 3],
  ["GB", 1000 ** 3],
  ["MiB", 1024 ** 2],
  ["MB", 1000 ** 2],
  ["KiB", 1024],
  ["KB", 1000],
  ["B", 1],
];

const BYTES = new Map(UNITS.map(([name, bytes]) => [name.toLowerCase(), bytes]));

/**
 * Bytes of a size such as `65536`, `64MiB`, `10MB` or `1.5GiB`; units in any case. Undefined for anything else, and for
 * what is no whole number of bytes.
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  if (match === null) return undefined;
  const unit = match[2] === "" ? 1 : BYTES.get((match[2] ?? "").toLowerCase());
  const bytes = Number(match[1]) * (unit ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size as `parseByteSize` reads it, in the largest unit of which it is a whole number: 65536 becomes `64KiB`. */
export function formatByteSize(bytes: number): string {
  const unit = UNITS.find(([, size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? `${bytes}B` : `${bytes / unit[1]}${unit[0]}`;
}
