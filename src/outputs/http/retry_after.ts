/** Longer waits are cut: a server's wrong clock must not stop an output for good. */
const LONGEST_WAIT = 24 * 60 * 60 * 1000;

/**
 * How long a server asks to wait with `Retry-After`, in milliseconds; undefined if it asks for nothing that can be
 * told. Dates are taken by the server's own clock where it says what that shows. `now`: milliseconds since 1970.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  const wait = /^\d+$/u.test(value)
    ? Number(value) * 1000
    : (dateOf(value) ?? Number.NaN) - (dateOf(headers.get("date") ?? "") ?? now);
  return wait > 0 ? Math.min(wait, LONGEST_WAIT) : undefined;
}

/** `Date.parse` takes nearly anything for a date; HTTP writes them one way. */
function dateOf(text: string): number | undefined {
  if (!/^[A-Za-z]+, .+ GMT$/u.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
