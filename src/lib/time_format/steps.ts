/** Parts of a time that a format may hold once, as places in an array of numbers. */
export const Slot = {
  YEAR: 0,
  SHORT_YEAR: 1,
  MONTH: 2,
  DAY: 3,
  YEAR_DAY: 4,
  HOUR: 5,
  MINUTE: 6,
  SECOND: 7,
  /** 1: before noon, 2: after noon, 0: not said. */
  HALF: 8,
  /** Read, but of no use. */
  NONE: 9,
  // Not in the array, since they are no small integers.
  EPOCH: 10,
  FRACTION: 11,
  OFFSET: 12,
  ZONE_NAME: 13,
} as const;

/** Smallest and greatest number of each slot. A leap second is read as the one that follows. */
const RANGES: readonly (readonly [number, number])[] = [
  [0, 9999],
  [0, 99],
  [1, 12],
  [1, 31],
  [1, 366],
  [0, 23],
  [0, 59],
  [0, 60],
];

/**
 * One thing to read of a text:
 * number: decimal digits; month, weekday: an English name; half: AM or PM; fraction: of a second; epoch: seconds since
 * 1970; zone: an offset or a zone's name; word: letters of no use; text: as it stands; spaces.
 */
export type StepKind =
  | "number"
  | "month"
  | "weekday"
  | "half"
  | "fraction"
  | "epoch"
  | "zone"
  | "word"
  | "text"
  | "spaces";

/** A part of a time format. One shape for all kinds, since a parser runs through them for every record. */
export interface Step {
  readonly kind: StepKind;
  readonly slot: number;
  /** Fewest and most digits, or fewest spaces. */
  readonly least: number;
  readonly most: number;
  readonly low: number;
  readonly high: number;
  /** number: spaces may stand before it; fraction: a point must; zone: any letters may be a name; word: a sign may. */
  readonly flag: boolean;
  /** Whether it may be missing. */
  readonly optional: boolean;
  readonly text: string;
  /** Code of the character that must follow, or -1. */
  next: number;
}

const BLANK: Step = {
  kind: "text",
  slot: Slot.NONE,
  least: 0,
  most: 0,
  low: 0,
  high: Number.MAX_SAFE_INTEGER,
  flag: false,
  optional: false,
  text: "",
  next: -1,
};

/** `padded`: spaces may take the place of leading digits. */
export function numberStep(slot: number, least: number, most: number, padded = false): Step {
  const [low, high] = RANGES[slot] ?? [0, Number.MAX_SAFE_INTEGER];
  return { ...BLANK, kind: "number", slot, least, most, low, high, flag: padded };
}

/** A fraction of a second; `point`: begins with a point or a comma. */
export function fractionStep(least: number, most: number, point: boolean, optional: boolean): Step {
  return { ...BLANK, kind: "fraction", slot: Slot.FRACTION, least, most, flag: point, optional };
}

/** `name`: mainly for names, so that unknown ones pass, as if the text had no zone. */
export function zoneStep(name: boolean, optional = false): Step {
  return { ...BLANK, kind: "zone", slot: name ? Slot.ZONE_NAME : Slot.OFFSET, flag: name, optional };
}

/** What needs no further particulars. */
export function step(kind: "month" | "weekday" | "half" | "epoch" | "word"): Step {
  const slots = {
    month: Slot.MONTH,
    weekday: Slot.NONE,
    half: Slot.HALF,
    epoch: Slot.EPOCH,
    word: Slot.NONE,
  };
  return { ...BLANK, kind, slot: slots[kind] };
}

/** Text as it stands; spaces in it stand for any number of spaces, at least `least`. */
export function literalSteps(text: string, least: number): Step[] {
  return text.split(/(\s+)/u).filter((piece) => piece !== "").map((piece) =>
    /^\s/u.test(piece) ? { ...BLANK, kind: "spaces", least } : { ...BLANK, kind: "text", text: piece }
  );
}

/** What a format's steps come to. */
export interface CompiledSteps {
  readonly steps: readonly Step[];
  readonly has: (slot: number) => boolean;
  /** Whether the format itself says UTC, by a Z, UTC or GMT at its end that is plain text. */
  readonly isUtc: boolean;
}

const NAMES: Readonly<Record<number, string>> = {
  [Slot.YEAR]: "year",
  [Slot.SHORT_YEAR]: "year",
  [Slot.MONTH]: "month",
  [Slot.DAY]: "day",
  [Slot.YEAR_DAY]: "day of the year",
  [Slot.HOUR]: "hour",
  [Slot.MINUTE]: "minute",
  [Slot.SECOND]: "second",
  [Slot.HALF]: "AM or PM",
  [Slot.EPOCH]: "time since 1970",
  [Slot.FRACTION]: "fraction of a second",
  [Slot.OFFSET]: "offset from UTC",
  [Slot.ZONE_NAME]: "name of the time zone",
};

/** Completes and checks the steps of a format. Throws an Error that says what the format lacks or has twice. */
export function compileSteps(written: readonly Step[]): CompiledSteps {
  const slots = new Set<number>();
  for (const { slot } of written) {
    if (slots.has(slot) && slot !== Slot.NONE) throw new Error(`it has the ${NAMES[slot]} twice`);
    slots.add(slot);
  }
  const has = (slot: number): boolean => slots.has(slot);
  const hasDate = has(Slot.YEAR_DAY) || has(Slot.MONTH);
  const hasYear = has(Slot.YEAR) || has(Slot.SHORT_YEAR);
  if (has(Slot.DAY) && !has(Slot.MONTH)) throw new Error("it has a day, but no month");
  if (has(Slot.MONTH) && !has(Slot.DAY) && !hasYear) {
    throw new Error("it has a month, but neither day nor year");
  }
  if (!has(Slot.EPOCH) && !(hasYear && hasDate) && !(has(Slot.HOUR) && has(Slot.MINUTE))) {
    throw new Error("it has neither a date nor a time");
  }
  const last = written.at(-1);
  const hasZone = has(Slot.OFFSET) || has(Slot.ZONE_NAME);
  const isUtc = !hasZone && last?.kind === "text" && /^(?:.*[^A-Za-z])?(?:Z|UTC|GMT)$/u.test(last.text);
  return { steps: join(withFraction(withoutZoneName(written))), has, isUtc };
}

/** Where there is an offset too, the name of the zone says nothing new, but may be ambiguous. */
function withoutZoneName(steps: readonly Step[]): readonly Step[] {
  const offset = steps.findIndex(({ slot }) => slot === Slot.OFFSET);
  if (offset < 0) return steps;
  // Behind an offset, Go writes names such as "+03"; before it, the sign would be that of the offset.
  return steps.map((each, index) =>
    each.slot === Slot.ZONE_NAME ? { ...step("word"), flag: index > offset } : each
  );
}

/** Seconds may have a fraction though the format has none, as in Go. */
function withFraction(steps: readonly Step[]): readonly Step[] {
  if (steps.some(({ slot }) => slot === Slot.FRACTION)) return steps;
  return steps.flatMap((each, index) =>
    (each.slot === Slot.SECOND || each.slot === Slot.EPOCH) && !/^[.,]/u.test(steps[index + 1]?.text ?? "")
      ? [each, fractionStep(1, Number.MAX_SAFE_INTEGER, true, true)]
      : [each]
  );
}

/** A number and the character behind it are one step. A point before a fraction belongs to it, and may be a comma. */
function join(steps: readonly Step[]): readonly Step[] {
  const joined: Step[] = [];
  for (const each of steps) {
    const before = joined.at(-1);
    if (each.kind === "fraction" && !each.flag && before !== undefined) {
      if (before.kind === "number" && (before.next === 46 || before.next === 44)) {
        before.next = -1;
        joined.push({ ...each, flag: true });
        continue;
      }
    }
    if (each.kind === "text" && before?.kind === "number" && before.next === -1) {
      before.next = each.text.charCodeAt(0);
      if (each.text.length > 1) joined.push({ ...each, text: each.text.slice(1) });
      continue;
    }
    joined.push({ ...each });
  }
  return joined;
}
