import { type PatternGroup, raw } from "./pattern_group.ts";

/** Syslog and what programs write through it. */
export const syslog: PatternGroup = {
  // Printable, but no brackets, which hold the number of the process.
  PROG: raw`[\x21-\x5a\x5c\x5e-\x7e]+`,
  SYSLOGPROG: raw`%{PROG:program|[process][name]}(?:\[%{POSINT:pid|[process][pid]:int}\])?`,
  SYSLOGHOST: raw`%{IPORHOST}`,
  SYSLOGFACILITY:
    raw`<%{NONNEGINT:facility|[log][syslog][facility][code]:int}.%{NONNEGINT:priority|[log][syslog][priority]:int}>`,
  SYSLOGBASE:
    raw`%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource|[host][hostname]} %{SYSLOGPROG}:`,
  SYSLOGBASE2:
    raw`(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601|timestamp})(?: %{SYSLOGFACILITY})?(?: %{SYSLOGHOST:logsource|[host][hostname]})?(?: %{SYSLOGPROG}:)?`,
  SYSLOGPAMSESSION:
    raw`%{SYSLOGBASE} (?<message>%{WORD:pam_module|[system][auth][pam][module]}\(%{DATA:pam_caller|[system][auth][pam][origin]}\): session %{WORD:pam_session_state|[system][auth][pam][session_state]} for user %{USERNAME:username|[user][name]}(?: by %{GREEDYDATA:pam_by|})?.*)`,
  CRON_ACTION: raw`[A-Z ]+`,
  CRONLOG:
    raw`%{SYSLOGBASE} \(%{USER:user|[user][name]}\) %{CRON_ACTION:action|[system][cron][action]} \(%{DATA:message}\)`,
  SYSLOGLINE: raw`%{SYSLOGBASE2} %{GREEDYDATA:message}`,
  SYSLOG5424PRINTASCII: raw`[!-~]+`,
  SYSLOG5424PRI: raw`<%{NONNEGINT:syslog5424_pri:int|[log][syslog][facility][code]:int}>`,
  // Elements one after the other; in a quoted value a backslash may stand before a bracket.
  SYSLOG5424SD: raw`(?:\[[^\]"]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^\]"]*)*\])+`,
  SYSLOG5424BASE:
    raw`%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver:int|[system][syslog][version]} +(?:-|%{TIMESTAMP_ISO8601:syslog5424_ts|timestamp}) +(?:-|%{IPORHOST:syslog5424_host|[host][hostname]}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app|[process][name]}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc|[process][pid]:int}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid|[event][code]}) +(?:-|%{SYSLOG5424SD:syslog5424_sd|[system][syslog][structured_data]})?`,
  SYSLOG5424LINE: raw`%{SYSLOG5424BASE} +%{GREEDYDATA:syslog5424_msg|message}`,
};
