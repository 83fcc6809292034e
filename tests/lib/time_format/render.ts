/** What a test writes times with: everything that the formats under test show of a wall clock. */
export interface Wall {
  readonly year: string;
  readonly shortYear: string;
  readonly month: string;
  readonly monthName: string;
  readonly day: string;
  readonly paddedDay: string;
  readonly yearDay: string;
  readonly weekday: string;
  readonly hour: string;
  readonly hour12: string;
  readonly half: string;
  readonly time: string;
  readonly minute: string;
  readonly millis: string;
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

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** The parts of a wall time, in milliseconds as if in UTC. */
export function render(wall: number): Wall {
  const date = new Date(wall);
  const year = date.getUTCFullYear();
  return {
    year: String(year),
    shortYear: two(year % 100),
    month: two(date.getUTCMonth() + 1),
    monthName: MONTHS[date.getUTCMonth()]!,
    day: two(date.getUTCDate()),
    paddedDay: String(date.getUTCDate()).padStart(2),
    yearDay: String(Math.floor((wall - Date.UTC(year, 0, 1)) / 86_400_000) + 1).padStart(3, "0"),
    weekday: DAYS[date.getUTCDay()]!,
    hour: two(date.getUTCHours()),
    hour12: two(date.getUTCHours() % 12 || 12),
    half: date.getUTCHours() < 12 ? "AM" : "PM",
    minute: two(date.getUTCMinutes()),
    time: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`,
    millis: String(date.getUTCMilliseconds()).padStart(3, "0"),
  };
}

/** `+01:00` for milliseconds, or with another separator. */
export function offsetText(offset: number, separator = ":"): string {
  const minutes = Math.abs(offset) / 60_000;
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
}
