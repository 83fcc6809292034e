import { type PatternGroup, raw } from "./pattern_group.ts";

/** Logs of Ruby's Logger and of Rails. */
export const ruby: PatternGroup = {
  RUBY_LOGLEVEL: raw`(?:DEBUG|FATAL|ERROR|WARN|INFO)`,
  RUBY_LOGGER:
    raw`[DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid:int|[process][pid]:int}\] *%{RUBY_LOGLEVEL:loglevel|[log][level]} -- +%{DATA:progname|[process][name]}: %{GREEDYDATA:message}`,
  RUUID: raw`[0-9A-Fa-f]{16}[0-9A-Fa-f]{16}`,
  RCONTROLLER:
    raw`(?<controller|[rails][controller][class]>[^#\s]+)#(?<action|[rails][controller][action]>\w+)`,
  RAILS3HEAD:
    raw`Started %{WORD:verb|[http][request][method]} "%{URIPATHPARAM:request|[url][original]}" for %{IPORHOST:clientip|[source][address]} at (?<timestamp>%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} %{ISO8601_TIMEZONE})`,
  RPROCESSING:
    raw`\W*Processing by %{RCONTROLLER} as (?<format|[rails][request][format]>\S+)(?:\W*Parameters: \{%{DATA:params|[rails][request][params]}\})?`,
  RAILS3PROFILE:
    raw`(?:\((?:Views: %{NUMBER:viewms:float|[rails][request][duration][view]:float}ms \| )?ActiveRecord: %{NUMBER:activerecordms:float|[rails][request][duration][active_record]:float}ms)?`,
  RAILS3FOOT:
    raw`Completed %{POSINT:response|[http][response][status_code]:int}%{DATA} in %{NUMBER:totalms:float|[rails][request][duration][total]:float}ms %{RAILS3PROFILE}%{GREEDYDATA}`,
  RAILS3:
    raw`%{RAILS3HEAD}(?:%{RPROCESSING})?(?<context|[rails][request][explain][original]>(?m:.*?))(?:%{RAILS3FOOT}|\z)`,
};
