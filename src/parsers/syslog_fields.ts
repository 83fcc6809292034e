import type { Fields, FieldValue, Level } from "../event.ts";
import { levelOfSeverity } from "../lib/level.ts";
import { FACILITIES, SEVERITIES } from "../lib/syslog_names.ts";

/** The fields of a syslog message. They are always made in this order, so that all records have one shape. */
export function syslogFields(
  priority: number,
  hostname: string | undefined,
  appName: string | undefined,
  procId: string | undefined,
  msgId: string | undefined,
  structuredData: FieldValue | undefined,
): Fields {
  return {
    facility: priority < 0 ? undefined : FACILITIES[priority >> 3],
    severity: priority < 0 ? undefined : SEVERITIES[priority & 7],
    hostname,
    app_name: appName,
    proc_id: procId,
    msg_id: msgId,
    structured_data: structuredData,
  };
}

/** Facility 23, severity 7. */
const MAX_PRIORITY = 191;

/** The number of a priority, -1 if there is none; undefined: it is not one. */
export function priorityOf(digits: string | undefined): number | undefined {
  if (digits === undefined) return -1;
  const priority = Number(digits);
  return priority <= MAX_PRIORITY ? priority : undefined;
}

/** The level of a message with a priority; undefined for one without, -1. */
export function levelOfPriority(priority: number): Level | undefined {
  return priority < 0 ? undefined : levelOfSeverity(priority & 7);
}
