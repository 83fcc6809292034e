import { type PatternGroup, raw } from "./pattern_group.ts";

/** One value between semicolons. */
const VALUE = "[^;]*";
const FIELDS = {
  host: raw`(?<nagios_hostname|[host][hostname]>${VALUE})`,
  service: raw`(?<nagios_service|[service][name]>${VALUE})`,
  state: raw`(?<nagios_state|[nagios][log][status]>${VALUE})`,
  stateType: raw`(?<nagios_statetype|[nagios][log][state_type]>${VALUE})`,
  stateCode: raw`(?<nagios_statecode|[nagios][log][attempt]:int>${VALUE})`,
  stateLevel: raw`(?<nagios_statelevel|[nagios][log][state_type]>${VALUE})`,
  attempt: raw`%{INT:nagios_attempt|[nagios][log][attempt]:int}`,
  notify: raw`(?<nagios_notifyname|[user][name]>${VALUE})`,
  contact: raw`(?<nagios_contact|[nagios][log][notification_command]>${VALUE})`,
  handler: raw`(?<nagios_event_handler_name|[nagios][log][event_handler_name]>${VALUE})`,
  message: raw`%{GREEDYDATA:nagios_message|message}`,
  comment: raw`%{GREEDYDATA:nagios_comment|[nagios][log][comment]}`,
  result: raw`%{GREEDYDATA:nagios_check_result|[nagios][log][check_result]}`,
} as const;
type FieldName = keyof typeof FIELDS;

/** A line of one type: its name, then values. */
function line(type: string, ...fields: FieldName[]): string {
  return raw`%{NAGIOS_TYPE_${type}:nagios_type|[nagios][log][type]}: ${
    fields.map((name) => FIELDS[name]).join(";")
  }`;
}

/** A command that came from outside. */
function command(name: string, ...fields: FieldName[]): string {
  const values = fields.map((field) => `;${FIELDS[field]}`).join("");
  return raw`%{NAGIOS_TYPE_EXTERNAL_COMMAND:nagios_type|[nagios][log][type]}: %{NAGIOS_EC_${name}:nagios_command|[nagios][log][command]}${values}`;
}

const TYPES = [
  "CURRENT_SERVICE_STATE",
  "CURRENT_HOST_STATE",
  "SERVICE_NOTIFICATION",
  "HOST_NOTIFICATION",
  "SERVICE_ALERT",
  "HOST_ALERT",
  "SERVICE_FLAPPING_ALERT",
  "HOST_FLAPPING_ALERT",
  "SERVICE_DOWNTIME_ALERT",
  "HOST_DOWNTIME_ALERT",
  "PASSIVE_SERVICE_CHECK",
  "PASSIVE_HOST_CHECK",
  "SERVICE_EVENT_HANDLER",
  "HOST_EVENT_HANDLER",
  "EXTERNAL_COMMAND",
  "TIMEPERIOD_TRANSITION",
];

const LINES: Readonly<Record<string, string>> = {
  NAGIOS_CURRENT_SERVICE_STATE: line(
    "CURRENT_SERVICE_STATE",
    "host",
    "service",
    "state",
    "stateType",
    "stateCode",
    "message",
  ),
  NAGIOS_CURRENT_HOST_STATE: line("CURRENT_HOST_STATE", "host", "state", "stateType", "stateCode", "message"),
  NAGIOS_SERVICE_NOTIFICATION: line(
    "SERVICE_NOTIFICATION",
    "notify",
    "host",
    "service",
    "state",
    "contact",
    "message",
  ),
  NAGIOS_HOST_NOTIFICATION: line("HOST_NOTIFICATION", "notify", "host", "state", "contact", "message"),
  NAGIOS_SERVICE_ALERT: line("SERVICE_ALERT", "host", "service", "state", "stateLevel", "attempt", "message"),
  NAGIOS_HOST_ALERT: line("HOST_ALERT", "host", "state", "stateLevel", "attempt", "message"),
  NAGIOS_SERVICE_FLAPPING_ALERT: line("SERVICE_FLAPPING_ALERT", "host", "service", "state", "message"),
  NAGIOS_HOST_FLAPPING_ALERT: line("HOST_FLAPPING_ALERT", "host", "state", "message"),
  NAGIOS_SERVICE_DOWNTIME_ALERT: line("SERVICE_DOWNTIME_ALERT", "host", "service", "state", "comment"),
  NAGIOS_HOST_DOWNTIME_ALERT: line("HOST_DOWNTIME_ALERT", "host", "state", "comment"),
  NAGIOS_PASSIVE_SERVICE_CHECK: line("PASSIVE_SERVICE_CHECK", "host", "service", "state", "comment"),
  NAGIOS_PASSIVE_HOST_CHECK: line("PASSIVE_HOST_CHECK", "host", "state", "comment"),
  NAGIOS_SERVICE_EVENT_HANDLER: line(
    "SERVICE_EVENT_HANDLER",
    "host",
    "service",
    "state",
    "stateLevel",
    "handler",
  ),
  NAGIOS_HOST_EVENT_HANDLER: line("HOST_EVENT_HANDLER", "host", "state", "stateLevel", "handler"),
  NAGIOS_TIMEPERIOD_TRANSITION: raw`${
    line("TIMEPERIOD_TRANSITION", "service")
  };(?<nagios_unknown1|[nagios][log][period_from]:int>${VALUE});(?<nagios_unknown2|[nagios][log][period_to]:int>${VALUE})`,
};

const COMMANDS: Readonly<Record<string, string>> = {
  DISABLE_SVC_CHECK: command("DISABLE_SVC_CHECK", "host", "service"),
  ENABLE_SVC_CHECK: command("ENABLE_SVC_CHECK", "host", "service"),
  DISABLE_HOST_CHECK: command("DISABLE_HOST_CHECK", "host"),
  ENABLE_HOST_CHECK: command("ENABLE_HOST_CHECK", "host"),
  PROCESS_SERVICE_CHECK_RESULT: command("PROCESS_SERVICE_CHECK_RESULT", "host", "service", "state", "result"),
  PROCESS_HOST_CHECK_RESULT: command("PROCESS_HOST_CHECK_RESULT", "host", "state", "result"),
  SCHEDULE_SERVICE_DOWNTIME: schedule("SCHEDULE_SERVICE_DOWNTIME", "host", "service"),
  SCHEDULE_HOST_DOWNTIME: schedule("SCHEDULE_HOST_DOWNTIME", "host"),
  DISABLE_HOST_SVC_NOTIFICATIONS: command("DISABLE_HOST_SVC_NOTIFICATIONS", "host"),
  ENABLE_HOST_SVC_NOTIFICATIONS: command("ENABLE_HOST_SVC_NOTIFICATIONS", "host"),
  DISABLE_HOST_NOTIFICATIONS: command("DISABLE_HOST_NOTIFICATIONS", "host"),
  ENABLE_HOST_NOTIFICATIONS: command("ENABLE_HOST_NOTIFICATIONS", "host"),
  DISABLE_SVC_NOTIFICATIONS: command("DISABLE_SVC_NOTIFICATIONS", "host", "service"),
  ENABLE_SVC_NOTIFICATIONS: command("ENABLE_SVC_NOTIFICATIONS", "host", "service"),
};

function schedule(name: string, ...fields: FieldName[]): string {
  return raw`${
    command(name, ...fields)
  };%{INT:nagios_start_time|[nagios][log][start_time]};%{INT:nagios_end_time|[nagios][log][end_time]};%{INT:nagios_fixed|[nagios][log][fixed]};%{INT:nagios_trigger_id|[nagios][log][trigger_id]};%{INT:nagios_duration|[nagios][log][duration]:int};(?<author|[user][name]>${VALUE});%{GREEDYDATA:comment|[nagios][log][comment]}`;
}

/** Names with a prefix, as members of an object. */
function prefixed(
  prefix: string,
  names: readonly string[],
  pattern: (name: string) => string,
): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`${prefix}${name}`, pattern(name)]));
}

const COMMAND_NAMES = Object.keys(COMMANDS);

/** The log of Nagios. */
export const nagios: PatternGroup = {
  NAGIOSTIME: raw`\[%{INT:nagios_epoch|timestamp}\]`,
  ...prefixed("NAGIOS_TYPE_", TYPES, (name) => name.replaceAll("_", " ")),
  ...prefixed("NAGIOS_EC_", COMMAND_NAMES, (name) => name),
  NAGIOS_WARNING: raw`Warning:%{SPACE}%{GREEDYDATA:nagios_message|message}`,
  ...LINES,
  ...prefixed("NAGIOS_EC_LINE_", COMMAND_NAMES, (name) => COMMANDS[name] ?? ""),
  NAGIOSLOGLINE: raw`%{NAGIOSTIME} (?:%{NAGIOS_WARNING}|${
    [...Object.keys(LINES), ...COMMAND_NAMES.map((name) => `NAGIOS_EC_LINE_${name}`)].map((name) =>
      `%{${name}}`
    ).join("|")
  })`,
};
