import { suggest } from "../suggest.ts";
import { fractionStep, literalSteps, numberStep, Slot, type Step, step, zoneStep } from "./steps.ts";

/** Conversions that are short for others. */
const SHORT: Readonly<Record<string, string>> = {
  T: "%H:%M:%S",
  X: "%H:%M:%S",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  D: "%m/%d/%y",
  x: "%m/%d/%y",
  F: "%Y-%m-%d",
  c: "%a %b %e %H:%M:%S %Y",
  v: "%e-%b-%Y",
  n: " ",
  t: " ",
};

const ANY = Number.MAX_SAFE_INTEGER;

/** What each conversion reads; `width` is the number of digits that the format asks for. */
const CONVERSIONS: Readonly<Record<string, (width: number | undefined) => Step>> = {
  Y: (width = 4) => numberStep(Slot.YEAR, Math.min(4, width), width),
  y: () => numberStep(Slot.SHORT_YEAR, 2, 2),
  m: () => numberStep(Slot.MONTH, 1, 2, true),
  b: () => step("month"),
  B: () => step("month"),
  h: () => step("month"),
  d: () => numberStep(Slot.DAY, 1, 2, true),
  e: () => numberStep(Slot.DAY, 1, 2, true),
  j: () => numberStep(Slot.YEAR_DAY, 1, 3, true),
  H: () => numberStep(Slot.HOUR, 1, 2, true),
  k: () => numberStep(Slot.HOUR, 1, 2, true),
  I: () => ({ ...numberStep(Slot.HOUR, 1, 2, true), low: 1, high: 12 }),
  l: () => ({ ...numberStep(Slot.HOUR, 1, 2, true), low: 1, high: 12 }),
  M: () => numberStep(Slot.MINUTE, 1, 2, true),
  S: () => numberStep(Slot.SECOND, 1, 2, true),
  p: () => step("half"),
  P: () => step("half"),
  a: () => step("weekday"),
  A: () => step("weekday"),
  u: () => numberStep(Slot.NONE, 1, 1),
  w: () => numberStep(Slot.NONE, 1, 1),
  z: () => zoneStep(false),
  Z: () => zoneStep(true),
  s: () => step("epoch"),
  f: (width = ANY) => fractionStep(1, width, false, false),
  L: (width = ANY) => fractionStep(1, width, false, false),
  N: (width = ANY) => fractionStep(1, width, false, false),
};

const KNOWN: readonly string[] = [...Object.keys(CONVERSIONS), ...Object.keys(SHORT), "%"].map((letter) =>
  `%${letter}`
);

// Flags of GNU and of chrono say how numbers are padded, which does not matter to reading.
const CONVERSION = /%([-_0^#:EO]*)(\.?)(\d*)([A-Za-z%])/y;

/** The steps of a strptime format. Throws an Error that names the conversion it does not know. */
export function strptimeSteps(format: string): Step[] {
  const steps: Step[] = [];
  let text = "";
  let position = 0;
  while (position < format.length) {
    if (format.charAt(position) !== "%") {
      text += format.charAt(position++);
      continue;
    }
    CONVERSION.lastIndex = position;
    const [all = format.slice(position, position + 2), , point = "", width = "", letter = ""] =
      CONVERSION.exec(format) ?? [];
    position += all.length;
    if (letter === "%") {
      text += "%";
      continue;
    }
    const made = convert(letter, point !== "", width === "" ? undefined : Number(width));
    if (made === undefined) throw new Error(unknown(all));
    steps.push(...literalSteps(text, 0), ...made);
    text = "";
  }
  steps.push(...literalSteps(text, 0));
  return steps;
}

function convert(letter: string, point: boolean, width: number | undefined): Step[] | undefined {
  if (point) {
    // As in chrono: `%.f` is a fraction with its point, if there is one; `%.3f` has just so many digits.
    if (letter !== "f" || width === 0) return undefined;
    return [width === undefined ? fractionStep(1, ANY, true, true) : fractionStep(width, width, true, false)];
  }
  const short = Object.hasOwn(SHORT, letter) ? SHORT[letter] : undefined;
  if (short !== undefined) return strptimeSteps(short);
  const conversion = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : undefined;
  return width === 0 || conversion === undefined ? undefined : [conversion(width)];
}

function unknown(conversion: string): string {
  const other = suggest(
    conversion,
    KNOWN.filter((known) => known.toLowerCase() === conversion.toLowerCase()),
  );
  const guess = other === undefined ? "" : ` did you mean ${other}?`;
  return `"${conversion}" is no conversion;${guess} known: ${KNOWN.join(" ")}`;
}
