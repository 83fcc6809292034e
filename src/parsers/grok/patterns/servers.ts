import { type PatternGroup, raw } from "./pattern_group.ts";

/** Logs of BIND, Exim, Squid and MCollective, and versions as Maven writes them. */
export const servers: PatternGroup = {
  BIND9_TIMESTAMP: raw`%{MONTHDAY}-%{MONTH}-%{YEAR} %{TIME}`,
  BIND9_DNSTYPE:
    raw`(?:AAAA|A|CAA|CDNSKEY|CDS|CERT|CNAME|CSYNC|DLV|DNAME|DNSKEY|DS|HINFO|HTTPS|LOC|MX|NAPTR|NSEC3|NSEC|NS|OPENPGPKEY|PTR|RRSIG|RP|SIG|SMIMEA|SOA|SRV|SVCB|TSIG|TXT|URI|ANY)\b`,
  BIND9: {
    legacy:
      raw`%{BIND9_TIMESTAMP:timestamp} queries: %{LOGLEVEL:loglevel}: client (?:@0x[0-9a-f]+ )?%{IP:clientip}#%{POSINT:clientport:int} \([^ )]*\): query: %{NOTSPACE:query} IN %{DATA:querytype} \(%{IP:dns}\)`,
    ecs:
      raw`%{BIND9_TIMESTAMP:timestamp} queries: %{LOGLEVEL:[log][level]}: client (?:@0x[0-9a-f]+ )?%{IP:[client][ip]}#%{POSINT:[client][port]:int} \((?<[bind][log][question][name]>[^ )]*)\): query: %{NOTSPACE:[dns][question][name]} (?<[dns][question][class]>IN) %{BIND9_DNSTYPE:[dns][question][type]}(?: %{DATA:[bind][log][question][flags]})? \(%{IP:[server][ip]}\)`,
  },
  BIND9_QUERYLOGBASE:
    raw`client (?:@0x[0-9a-f]+ )?%{IP:clientip|[client][ip]}#%{POSINT:clientport:int|[client][port]:int} \((?<query|[bind][log][question][name]>[^ )]*)\): query: %{NOTSPACE:|[dns][question][name]} (?<|[dns][question][class]>IN) %{BIND9_DNSTYPE:querytype|[dns][question][type]}`,
  EXIM_MSGID: raw`[0-9A-Za-z]{6}-[0-9A-Za-z]{6}(?:[0-9A-Za-z]{5})?-[0-9A-Za-z]{2,4}`,
  EXIM_FLAGS: raw`(?:<=|[-=>*]>|\*\*|==|<>)`,
  EXIM_DATE: {
    legacy: raw`%{YEAR:exim_year}-%{MONTHNUM:exim_month}-%{MONTHDAY:exim_day} %{TIME:exim_time}`,
    ecs: raw`%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{TIME}`,
  },
  EXIM_PID: raw`\[%{POSINT:pid|[process][pid]:int}\]`,
  EXIM_QT: raw`(?:[0-9]+[ywdhms])+`,
  EXIM_EXCLUDE_TERMS:
    raw`(?:Message is frozen|(?:Start|End) queue run| Warning: | retry time not reached | no (?:IP address|host name) found for (?:IP address|host) | unexpected disconnection while reading SMTP command | no immediate delivery: |another process is handling this message)`,
  EXIM_REMOTE_HOST:
    raw`H=(?:(?<remote_hostname|[client][address]>[^\s(\[]+) )?(?:\((?<remote_heloname|[exim][log][remote_address]>[^\s)]+)\) )?\[%{IP:remote_host|[client][ip]}\](?::%{POSINT:remote_port|[client][port]:int})?`,
  EXIM_INTERFACE:
    raw`I=\[%{IP:exim_interface|[exim][log][host][ip]}\](?::%{POSINT:exim_interface_port|[exim][log][host][port]:int})`,
  EXIM_PROTOCOL: raw`P=%{NOTSPACE:protocol|[network][protocol]}`,
  EXIM_MSG_SIZE: raw`S=%{INT:exim_msg_size|[exim][log][message][size]:int}`,
  EXIM_HEADER_ID: raw`id=%{NOTSPACE:exim_header_id|[exim][log][header_id]}`,
  EXIM_SUBJECT: {
    legacy: raw`T=%{QS:exim_subject}`,
    ecs: raw`T="(?<[exim][log][message][subject]>[^"\\]*(?:\\.[^"\\]*)*)"`,
  },
  EXIM_UNKNOWN_FIELD: raw`[A-Za-z0-9]{1,4}=\S+`,
  // JavaScript forgets what groups captured in earlier rounds of a repetition, so each field has a place of its own, in
  // the order in which Exim writes them.
  EXIM_NAMED_FIELDS:
    raw`(?: [RU]=\S+)*(?: %{EXIM_REMOTE_HOST})?(?: %{EXIM_INTERFACE})?(?: [A-OQRU-Z][A-Za-z]*=\S+)*(?: %{EXIM_PROTOCOL})?(?: (?:X|CV|A|L|SNI|DN|PRX|M8S|K|DKIM)=\S+)*(?: %{EXIM_MSG_SIZE})?(?: (?:M8S|RT|DKIM)=\S+)*(?: %{EXIM_HEADER_ID})?(?: %{EXIM_SUBJECT})?(?: from <\S*>)?`,
  EXIM_MESSAGE_ARRIVAL:
    raw`%{EXIM_DATE:timestamp} (?:%{EXIM_PID} )?%{EXIM_MSGID:exim_msgid|[exim][log][message][id]} (?<exim_flags|[exim][log][flags]><=) (?<exim_status|[exim][log][status]>[a-z:] )?(?:<>|%{EMAILADDRESS:exim_sender_email|[exim][log][sender][email]})%{EXIM_NAMED_FIELDS}(?: for %{EMAILADDRESS:exim_recipient_email|[exim][log][recipient][email]})?`,
  EXIM: raw`%{EXIM_MESSAGE_ARRIVAL}`,
  SQUID3:
    raw`%{NUMBER:timestamp}\s+%{INT:duration|[squid][request][duration]:int}\s%{IP:client_address|[source][ip]}\s%{WORD:cache_result|[squid][cache_result_code]}/%{NONNEGINT:status_code|[http][response][status_code]:int}\s%{INT:bytes|[http][response][body][bytes]:int}\s%{WORD:request_method|[http][request][method]}\s%{NOTSPACE:url|[url][original]}\s(?:-|%{NOTSPACE:user|[user][name]})\s%{WORD:hierarchy_code|[squid][hierarchy_code]}/(?:-|%{IPORHOST:server|[destination][address]})\s%{NOTSPACE:content_type|[squid][request][content_type]}`,
  MAVEN_VERSION: raw`(?:[0-9]+\.)?(?:[0-9]+\.)?(?:\*|[0-9]+)(?:[.-](?:RELEASE|SNAPSHOT))?`,
  MCOLLECTIVE:
    raw`., \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid|[process][pid]:int}\]%{SPACE}%{LOGLEVEL:event_level|[log][level]}`,
  MCOLLECTIVEAUDIT: raw`%{TIMESTAMP_ISO8601:timestamp}:`,
};
