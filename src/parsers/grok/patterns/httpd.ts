import { type PatternGroup, raw } from "./pattern_group.ts";

/** Logs of web servers in the formats of Apache. */
export const httpd: PatternGroup = {
  HTTPDUSER: raw`[^\s"[\]]+`,
  HTTPDERROR_DATE: raw`%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}`,
  HTTPD_COMMONLOG: {
    legacy:
      raw`%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/(?<httpversion>[0-9.]+))?|%{DATA:rawrequest})" (?:-|%{INT:response}) (?:-|%{INT:bytes})`,
    ecs:
      raw`%{IPORHOST:[source][address]} (?:-|%{HTTPDUSER:[apache][access][user][identity]}) (?:-|%{HTTPDUSER:[user][name]}) \[%{HTTPDATE:timestamp}\] "(?:%{WORD:[http][request][method]} %{NOTSPACE:[url][original]}(?: HTTP/(?<[http][version]>[0-9.]+))?|%{DATA})" (?:-|%{INT:[http][response][status_code]:int}) (?:-|%{INT:[http][response][body][bytes]:int})`,
  },
  HTTPD_COMBINEDLOG: {
    legacy: raw`%{HTTPD_COMMONLOG} %{QS:referrer} %{QS:agent}`,
    ecs:
      raw`%{HTTPD_COMMONLOG} "(?:-|(?<[http][request][referrer]>[^"\\]*(?:\\.[^"\\]*)*))" "(?:-|(?<[user_agent][original]>[^"\\]*(?:\\.[^"\\]*)*))"`,
  },
  HTTPD20_ERRORLOG:
    raw`\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel|[log][level]}\] (?:\[client %{IPORHOST:clientip|[source][address]}\] )?%{GREEDYDATA:message}`,
  HTTPD24_ERRORLOG:
    raw`\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:module|[apache][error][module]})?:%{LOGLEVEL:loglevel|[log][level]}\] \[pid %{POSINT:pid|[process][pid]:int}(?::tid %{INT:tid|[process][thread][id]:int})?\](?: \(%{POSINT:proxy_errorcode|[apache][error][proxy][error][code]}\)%{DATA:proxy_message|[apache][error][proxy][error][message]}:)?(?: \[client %{IPORHOST:clientip|[source][address]}(?::%{POSINT:clientport|[source][port]:int})?\])?(?: (?<errorcode|[error][code]>AH[0-9]+):)? %{GREEDYDATA:message}`,
  HTTPD_ERRORLOG: raw`%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG}`,
  COMMONAPACHELOG: raw`%{HTTPD_COMMONLOG}`,
  COMBINEDAPACHELOG: raw`%{HTTPD_COMBINEDLOG}`,
};
