import type { LogEvent } from "../event.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";
import { skipDigits } from "./scan.ts";

const DOT = 0x2e;
/** `2026-11-25T10:00:00`: where the fraction begins. */
const SECONDS_LENGTH = 19;
/** `2026-11-25T10:00:00.123Z`: texts up to this length say no more than milliseconds do. */
const MILLISECONDS_LENGTH = 24;
/** What may be put out as it stands, of texts that are times: a leap second and 24:00 may not. */
const CANONICAL = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:[0-5]\d\.\d{1,9}Z$/;
const MICROSECOND_DIGITS = 6;
const NANOSECOND_DIGITS = 9;

/**
 * Gives an event the time that a text in RFC 3339, which parseRfc3339 has read, stands for, and keeps all its digits where a double
 * cannot.
 */
export function setTime(event: LogEvent, time: number, text: string): void {
  event.timestamp = time;
  event.timestampText = text.length <= MILLISECONDS_LENGTH
    ? undefined
    : CANONICAL.test(text)
    ? text
    : utcText(time, text);
}

/** Another offset changes nothing in the fraction: nanoseconds stay. */
function utcText(time: number, text: string): string | undefined {
  if (text.charCodeAt(SECONDS_LENGTH) !== DOT) return undefined;
  const end = skipDigits(text, SECONDS_LENGTH + 1);
  const digits = end - SECONDS_LENGTH - 1;
  if (digits <= MICROSECOND_DIGITS || digits > NANOSECOND_DIGITS) return undefined;
  // Far from 1970 a double may have rounded up to the next second.
  const fraction = Number(`0.${text.slice(SECONDS_LENGTH + 1, end)}`) * 1000;
  const seconds = Math.round((time - fraction) / 1000) * 1000;
  return `${formatRfc3339(seconds).slice(0, SECONDS_LENGTH)}${text.slice(SECONDS_LENGTH, end)}Z`;
}
