import { type PatternGroup, raw } from "./pattern_group.ts";

/** Parts of times, and times as logs write them. */
export const date: PatternGroup = {
  // English and German, since both stand in logs.
  MONTH:
    raw`\b(?:[Jj](?:an(?:uary|uar)?|u(?:n[ei]?|l[yi]?))|[Ff]eb(?:ruary|ruar)?|[Mm](?:ar(?:ch)?|ärz?|rz|a[yi])|[Aa](?:pr(?:il)?|ug(?:ust)?)|[Ss]ep(?:tember|t)?|[Oo][ck]t(?:ober)?|[Nn]ov(?:ember)?|[Dd]e[cz](?:ember)?)\b`,
  MONTHNUM: raw`(?:1[0-2]|0?[1-9])`,
  MONTHNUM2: raw`(?:0[1-9]|1[0-2])`,
  MONTHDAY: raw`(?:[12][0-9]|3[01]|0?[1-9])`,
  DAY: raw`(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)`,
  YEAR: raw`[0-9]{2}(?:[0-9]{2})?`,
  HOUR: raw`(?:2[0-3]|[01]?[0-9])`,
  MINUTE: raw`[0-5][0-9]`,
  // 60 is a leap second.
  SECOND: raw`(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?`,
  TIME: raw`(?<![0-9])%{HOUR}:%{MINUTE}:%{SECOND}`,
  DATE_US: raw`%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}`,
  DATE_EU: raw`%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}`,
  ISO8601_TIMEZONE: raw`(?:Z|[+-]%{HOUR}:?%{MINUTE})`,
  ISO8601_SECOND: raw`%{SECOND}`,
  TIMESTAMP_ISO8601:
    raw`%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?`,
  TIMESTAMP_CN: raw`%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:(?:60|[0-5]?[0-9])\.[0-9]{3}`,
  DATE: raw`%{DATE_US}|%{DATE_EU}`,
  DATESTAMP: raw`%{DATE}[- ]%{TIME}`,
  TZ: raw`(?:[APMCE][SD]T|UTC|GMT|[CEW]E?S?T|BST|IST|JST|MSK|AE[SD]T)\b`,
  DATESTAMP_RFC822: raw`%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}`,
  DATESTAMP_RFC2822: raw`%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}`,
  DATESTAMP_OTHER: raw`%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}`,
  DATESTAMP_EVENTLOG:
    raw`%{YEAR}%{MONTHNUM2}(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])%{MINUTE}%{SECOND}`,
  SYSLOGTIMESTAMP: raw`%{MONTH} +%{MONTHDAY} %{TIME}`,
  HTTPDATE: raw`%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}`,
};
