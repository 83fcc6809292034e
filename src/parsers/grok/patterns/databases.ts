import { type PatternGroup, raw } from "./pattern_group.ts";

/** Logs of PostgreSQL, MongoDB and Redis. */
export const databases: PatternGroup = {
  POSTGRESQL:
    raw`(?<timestamp>%{TIMESTAMP_ISO8601}|%{DATESTAMP}) %{TZ:|[event][timezone]} %{NOTSPACE:user_id|[user][name]} %{NOTSPACE:connection_id|[postgresql][log][connection_id]} %{POSINT:pid|[process][pid]}`,
  PG_TIMESTAMP: raw`%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} [A-Z]{3,4}`,
  PG_ERROR_PATTERN: raw`(?:ERROR|WARNING|FATAL|PANIC)`,
  PG_ERROR_LEVEL: raw`%{PG_ERROR_PATTERN:log_level|[log][level]}:`,
  MONGO_WORDDASH: raw`\b[\w-]+\b`,
  MONGO_LOG:
    raw`%{SYSLOGTIMESTAMP:timestamp} \[%{WORD:component|[mongodb][component]}\] %{GREEDYDATA:message}`,
  MONGO_QUERY: raw`\{ .*? \}`,
  MONGO_SLOWQUERY:
    raw`%{WORD:|[mongodb][profile][op]} %{MONGO_WORDDASH:database|[mongodb][database]}\.%{MONGO_WORDDASH:collection|[mongodb][collection]} %{WORD}: %{MONGO_QUERY:query|[mongodb][query][original]} ntoreturn:%{NONNEGINT:ntoreturn|[mongodb][profile][ntoreturn]:int} ntoskip:%{NONNEGINT:ntoskip|[mongodb][profile][ntoskip]:int} nscanned:%{NONNEGINT:nscanned|[mongodb][profile][nscanned]:int}.*? nreturned:%{NONNEGINT:nreturned|[mongodb][profile][nreturned]:int}.*? %{INT:duration|[mongodb][profile][duration]:int}ms`,
  MONGO3_SEVERITY: raw`\w`,
  MONGO3_COMPONENT: raw`(?:\w+|-)`,
  MONGO3_LOG:
    raw`%{TIMESTAMP_ISO8601:timestamp} %{MONGO3_SEVERITY:severity|[log][level]} %{MONGO3_COMPONENT:component|[mongodb][component]}%{SPACE}(?:\[%{DATA:context|[mongodb][context]}\])? %{GREEDYDATA:message}`,
  REDISTIMESTAMP: raw`%{MONTHDAY} %{MONTH}(?: %{YEAR})? %{TIME}`,
  REDISLOG: raw`\[%{POSINT:pid|[process][pid]:int}\] %{REDISTIMESTAMP:timestamp} [*#.-] `,
  REDISMONLOG:
    raw`%{NUMBER:timestamp} \[%{INT:database|[redis][database][id]} %{IP:client|[client][ip]}:%{POSINT:port:int|[client][port]:int}\] "%{WORD:command|[redis][command][name]}"\s?%{GREEDYDATA:params|[redis][command][args]}`,
};
