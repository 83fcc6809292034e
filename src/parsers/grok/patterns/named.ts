import { type PatternGroup, raw } from "./pattern_group.ts";

/** What the names of programs and languages alone mean: patterns of whole lines, with numbers as numbers. */
export const named: PatternGroup = {
  syslog:
    raw`^(?:<%{NONNEGINT:priority:int}>)?(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp}) (?<hostname>\S+) (?<program>[^\s:\[]+)(?:\[(?<pid>[0-9]+)\])?: ?%{GREEDYDATA:message}`,
  apache:
    raw`^(?<clientip>\S+) (?<ident>\S+) (?<auth>.+?) \[%{HTTPDATE:timestamp}\] "(?:(?<verb>[A-Z]+) (?<request>\S+)(?: HTTP/(?<httpversion>[0-9.]+))?|(?<rawrequest>[^"\\]*(?:\\.[^"\\]*)*))" (?:-|(?<response:int>[0-9]+)) (?:-|(?<bytes:int>[0-9]+))(?: "(?<referrer>[^"\\]*(?:\\.[^"\\]*)*)" "(?<agent>[^"\\]*(?:\\.[^"\\]*)*)")?`,
  nginx:
    raw`^(?<remote_addr>\S+) - (?<remote_user>.+?) \[%{HTTPDATE:timestamp}\] "(?:(?<method>[A-Z]+) (?<path>\S+)(?: (?<protocol>HTTP/[0-9.]+))?|(?<request>[^"\\]*(?:\\.[^"\\]*)*))" (?<status:int>[0-9]+) (?<body_bytes_sent:int>[0-9]+) "(?<http_referer>[^"\\]*(?:\\.[^"\\]*)*)" "(?<http_user_agent>[^"\\]*(?:\\.[^"\\]*)*)"(?: "(?<http_x_forwarded_for>[^"]*)")?`,
  // The patterns of Log4j and Logback that are met most, and Spring Boot's.
  java:
    raw`^%{TIMESTAMP_ISO8601:timestamp} +(?:\[(?<thread>[^\]]+)\] +%{LOGLEVEL:level}|%{LOGLEVEL:level} +(?:(?<pid:int>[0-9]+) +--- +)?(?:\[ *(?<thread>[^\]]+)\])?) +(?:\[[^\]]*\] +)?(?<logger>[\w.$/\[\]-]+) *(?:-|:) +(?m:%{GREEDYDATA:message})`,
  // The formats of logging.basicConfig, with and without a time.
  python:
    raw`^(?:%{TIMESTAMP_ISO8601:timestamp} *(?:- (?<logger>[\w.]+) - %{LOGLEVEL:level} -|%{LOGLEVEL:level} +\[?(?<logger>[\w.]+)\]?:?|\[?%{LOGLEVEL:level}\]?:?)|%{LOGLEVEL:level}:(?<logger>[\w.]+):) *(?m:%{GREEDYDATA:message})`,
  // The package log, and glog or klog.
  go:
    raw`^(?:(?<timestamp>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?) (?:(?<file>[^\s:]+\.go):(?<line:int>[0-9]+): )?(?:\[?%{LOGLEVEL:level}\]?:? )?|(?<severity>[IWEF])(?<timestamp>[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+) +(?<pid:int>[0-9]+) (?<file>[^\s:]+):(?<line:int>[0-9]+)\] )(?m:%{GREEDYDATA:message})`,
  json: raw`^\s*(?m:(?<message>\{.*\}))\s*$`,
};
