/** Renders a time, given in milliseconds since 1970. */
export type TimeFormat = (time: number) => string;

/** Fields of a moment in one time zone. */
interface Moment {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** From 1. */
  readonly dayOfYear: number;
  /** Minutes east of UTC. */
  readonly offset: number;
  readonly time: number;
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;

const CONVERSIONS: Readonly<Record<string, (moment: Moment) => string>> = {
  Y: (moment) => pad(moment.year, 4),
  y: (moment) => pad(moment.year % 100, 2),
  m: (moment) => pad(moment.month, 2),
  d: (moment) => pad(moment.day, 2),
  e: (moment) => String(moment.day).padStart(2),
  H: (moment) => pad(moment.hour, 2),
  I: (moment) => pad(moment.hour % 12 === 0 ? 12 : moment.hour % 12, 2),
  M: (moment) => pad(moment.minute, 2),
  S: (moment) => pad(moment.second, 2),
  p: (moment) => (moment.hour < 12 ? "AM" : "PM"),
  j: (moment) => pad(moment.dayOfYear, 3),
  a: (moment) => dayName(moment).slice(0, 3),
  A: dayName,
  b: (moment) => monthName(moment).slice(0, 3),
  B: monthName,
  u: (moment) => String(moment.weekday === 0 ? 7 : moment.weekday),
  w: (moment) => String(moment.weekday),
  G: (moment) => pad(isoWeek(moment).year, 4),
  V: (moment) => pad(isoWeek(moment).week, 2),
  z: (moment) => offsetText(moment.offset),
  s: (moment) => String(Math.floor(moment.time / 1000)),
  F: (moment) => `${pad(moment.year, 4)}-${pad(moment.month, 2)}-${pad(moment.day, 2)}`,
  T: (moment) => `${pad(moment.hour, 2)}:${pad(moment.minute, 2)}:${pad(moment.second, 2)}`,
  R: (moment) => `${pad(moment.hour, 2)}:${pad(moment.minute, 2)}`,
  "%": () => "%",
};

/** The conversions that `compileStrftime` knows, as they are written: "%Y", "%m", … None is finer than a second. */
export const STRFTIME_CONVERSIONS: readonly string[] = Object.keys(CONVERSIONS).map((letter) => `%${letter}`);

/**
 * Compiles a strftime format. Names are English in every locale, so that paths do not depend on the environment.
 * Throws an Error that names the conversion it does not know.
 */
export function compileStrftime(format: string, timezone: "utc" | "local"): TimeFormat {
  const parts: (string | ((moment: Moment) => string))[] = [];
  for (const piece of format.split(/(%.?)/su)) {
    if (!piece.startsWith("%")) {
      if (piece !== "") parts.push(piece);
      continue;
    }
    const conversion = CONVERSIONS[piece.slice(1)];
    if (conversion === undefined) {
      throw new Error(`"${piece}" is no time conversion; known: ${STRFTIME_CONVERSIONS.join(" ")}`);
    }
    parts.push(conversion);
  }
  return (time) => {
    const moment = momentOf(time, timezone);
    let text = "";
    for (const part of parts) text += typeof part === "string" ? part : part(moment);
    return text;
  };
}

/** Whether the format has a conversion that depends on the time ("%%" does not). */
export function hasTime(format: string): boolean {
  return /%[^%]/u.test(format.replaceAll("%%", ""));
}

function momentOf(time: number, timezone: "utc" | "local"): Moment {
  const offset = timezone === "utc" ? 0 : -new Date(time).getTimezoneOffset();
  const shifted = new Date(time + offset * 60_000);
  const year = shifted.getUTCFullYear();
  const startOfDay = Date.UTC(year, shifted.getUTCMonth(), shifted.getUTCDate());
  return {
    year,
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    weekday: shifted.getUTCDay(),
    dayOfYear: Math.round((startOfDay - Date.UTC(year, 0, 1)) / DAY_MS) + 1,
    offset,
    time,
  };
}

/** ISO 8601: week 1 is the one with the year's first Thursday. */
function isoWeek(moment: Moment): { year: number; week: number } {
  const day = moment.weekday === 0 ? 7 : moment.weekday;
  const thursday = new Date(Date.UTC(moment.year, moment.month - 1, moment.day + 4 - day));
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1 };
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`;
}

function dayName(moment: Moment): string {
  return DAYS[moment.weekday] ?? "";
}

function monthName(moment: Moment): string {
  return MONTHS[moment.month - 1] ?? "";
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
