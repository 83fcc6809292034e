import type { JsonObject } from "./checkpoint_store.ts";

/** States of a file that nobody reads any more. */
const GONE_STATES = ["closed", "missing"];

/**
 * Whether a record may go: its file is gone and was last seen longer ago than `retention` milliseconds. A record that
 * does not tell when it was last seen stays.
 */
export function isExpired(record: JsonObject, now: number, retention: number): boolean {
  const { lastSeen, state } = record;
  return typeof lastSeen === "number" && typeof state === "string" && GONE_STATES.includes(state) &&
    now - lastSeen > retention;
}
