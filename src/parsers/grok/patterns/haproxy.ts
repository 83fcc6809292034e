import { type PatternGroup, raw } from "./pattern_group.ts";

const HEAD =
  raw`(?:%{SYSLOGTIMESTAMP:syslog_timestamp|timestamp}|%{TIMESTAMP_ISO8601:timestamp8601|timestamp}) %{IPORHOST:syslog_server|[host][hostname]} %{SYSLOGPROG}: `;
const CLIENT =
  raw`%{IP:client_ip|[source][address]}:%{INT:client_port|[source][port]:int} \[%{HAPROXYDATE:accept_date|[haproxy][request_date]}\] `;
const CONNECTIONS =
  raw`%{INT:actconn|[haproxy][connections][active]:int}/%{INT:feconn|[haproxy][connections][frontend]:int}/%{INT:beconn|[haproxy][connections][backend]:int}/%{INT:srvconn|[haproxy][connections][server]:int}/%{NOTSPACE:retries|[haproxy][connections][retries]:int} %{INT:srv_queue|[haproxy][server_queue]:int}/%{INT:backend_queue|[haproxy][backend_queue]:int}`;
const HEADERS = raw`(?: \{%{HAPROXYCAPTUREDREQUESTHEADERS}\}(?: \{%{HAPROXYCAPTUREDRESPONSEHEADERS}\})?)?`;
const REQUEST = raw`(?: "%{HAPROXYHTTPREQUESTLINE}"?)?`;
/** Slashes separate the names, so these have none. */
const SERVERS = {
  legacy: raw`(?<frontend_name>[^ ]+) (?<backend_name>[^ /]+)/(?<server_name>[^ ]+) `,
  ecs:
    raw`(?<[haproxy][frontend_name]>[^ ]+) (?<[haproxy][backend_name]>[^ /]+)/(?:<NOSRV>|(?<[haproxy][server_name]>[^ ]+)) `,
};

/** Logs of HAProxy: option httplog, option tcplog, and errors. */
export const haproxy: PatternGroup = {
  HAPROXYTIME: raw`%{HOUR:haproxy_hour|}:%{MINUTE:haproxy_minute|}:%{SECOND:haproxy_second|}`,
  HAPROXYDATE:
    raw`%{MONTHDAY:haproxy_monthday|}/%{MONTH:haproxy_month|}/%{YEAR:haproxy_year|}:(?<haproxy_time|>%{HOUR:haproxy_hour|}:%{MINUTE:haproxy_minute|}:(?<haproxy_second|>[0-5]?[0-9]))\.%{INT:haproxy_milliseconds|}`,
  HAPROXYCAPTUREDREQUESTHEADERS:
    raw`%{DATA:captured_request_headers|[haproxy][http][request][captured_headers]}`,
  HAPROXYCAPTUREDRESPONSEHEADERS:
    raw`%{DATA:captured_response_headers|[haproxy][http][response][captured_headers]}`,
  HAPROXYURI: {
    legacy:
      raw`(?:%{URIPROTO:http_proto}://)?(?:%{USER:http_user}(?::[^@/\s]*)?@)?(?:%{URIHOST:http_host})?(?:%{URIPATHPARAM:http_request})?`,
    ecs:
      raw`(?:%{URIPROTO:[url][scheme]}://)?(?:%{USER:[url][username]}(?::[^@/\s]*)?@)?(?:%{IPORHOST:[url][domain]}(?::%{POSINT:[url][port]:int})?)?(?:%{URIPATH:[url][path]}(?:\?%{URIQUERY:[url][query]})?)?`,
  },
  HAPROXYHTTPREQUESTLINE:
    raw`(?:<BADREQ>|%{WORD:http_verb|[http][request][method]} %{HAPROXYURI:|[url][original]}(?: HTTP/%{NUMBER:http_version|[http][version]})?)`,
  HAPROXYHTTPBASE: {
    legacy:
      raw`${CLIENT}${SERVERS.legacy}%{INT:time_request}/%{INT:time_queue}/%{INT:time_backend_connect}/%{INT:time_backend_response}/%{NOTSPACE:time_duration} %{INT:http_status_code} %{NOTSPACE:bytes_read} %{NOTSPACE:captured_request_cookie} %{NOTSPACE:captured_response_cookie} %{NOTSPACE:termination_state} ${CONNECTIONS}${HEADERS}${REQUEST}`,
    ecs:
      raw`${CLIENT}${SERVERS.ecs}(?:-1|%{INT:[haproxy][http][request][time_wait_ms]:int})/(?:-1|%{INT:[haproxy][total_waiting_time_ms]:int})/(?:-1|%{INT:[haproxy][connection_wait_time_ms]:int})/(?:-1|%{INT:[haproxy][http][request][time_wait_without_data_ms]:int})/%{NOTSPACE:[haproxy][total_time_ms]} %{INT:[http][response][status_code]:int} %{NOTSPACE:[source][bytes]:int} (?:-|%{NOTSPACE:[haproxy][http][request][captured_cookie]}) (?:-|%{NOTSPACE:[haproxy][http][response][captured_cookie]}) %{NOTSPACE:[haproxy][termination_state]} ${CONNECTIONS}${HEADERS}${REQUEST}`,
  },
  HAPROXYHTTP: raw`${HEAD}%{HAPROXYHTTPBASE}`,
  HAPROXYTCP: {
    legacy:
      raw`${HEAD}${CLIENT}${SERVERS.legacy}%{INT:time_queue}/%{INT:time_backend_connect}/%{NOTSPACE:time_duration} %{NOTSPACE:bytes_read} %{NOTSPACE:termination_state} ${CONNECTIONS}`,
    ecs:
      raw`${HEAD}${CLIENT}${SERVERS.ecs}(?:-1|%{INT:[haproxy][total_waiting_time_ms]:int})/(?:-1|%{INT:[haproxy][connection_wait_time_ms]:int})/%{NOTSPACE:[haproxy][total_time_ms]} %{NOTSPACE:[source][bytes]:int} %{NOTSPACE:[haproxy][termination_state]} ${CONNECTIONS}`,
  },
  HAPROXYERROR:
    raw`${HEAD}${CLIENT}(?<frontend_name|[haproxy][frontend_name]>[^ /]+)/(?<bind_name|[haproxy][bind_name]>[^ :]+): %{GREEDYDATA:error_message|[error][message]}`,
};
