import { type PatternGroup, raw } from "./pattern_group.ts";

const FLOW_ENDS =
  raw`%{IP:src-ip|[source][ip]}/%{INT:src-port|[source][port]:int}->%{IP:dst-ip|[destination][ip]}/%{INT:dst-port|[destination][port]:int} %{NOTSPACE:service|[juniper][srx][service_name]} `;
const FLOW_NAT =
  raw`%{IP:nat-src-ip|[source][nat][ip]}/%{INT:nat-src-port|[source][nat][port]:int}->%{IP:nat-dst-ip|[destination][nat][ip]}/%{INT:nat-dst-port|[destination][nat][port]:int} `;
const FLOW_RULES = {
  legacy: raw`%{NOTSPACE:src-nat-rule-name} %{NOTSPACE:dst-nat-rule-name} `,
  ecs:
    raw`(?:None|%{NOTSPACE:[juniper][srx][src_nat_rule_name]}) (?:None|%{NOTSPACE:[juniper][srx][dst_nat_rule_name]}) `,
};
const FLOW_POLICY =
  raw`%{INT:protocol-id|[network][iana_number]} %{NOTSPACE:policy-name|[rule][name]} %{NOTSPACE:from-zone|[observer][ingress][zone]} %{NOTSPACE:to-zone|[observer][egress][zone]} %{INT:session-id|[juniper][srx][session_id]}`;
const FLOW_CLOSED =
  raw` [0-9]+\(%{INT:sent|[source][bytes]:int}\) [0-9]+\(%{INT:received|[destination][bytes]:int}\) %{INT:elapsed-time|[juniper][srx][elapsed_time]:int}`;
const FLOW_TAG = raw`%{RT_FLOW_TAG:event|[juniper][srx][tag]}: `;

/** Logs of packet filters: iptables, Shorewall, SuSE, NetScreen and Junos. */
export const firewalls: PatternGroup = {
  NETSCREENSESSIONLOG:
    raw`%{SYSLOGTIMESTAMP:date|timestamp} %{IPORHOST:device|[observer][hostname]} (?:%{IPORHOST:|[observer][name]}|%{NOTSPACE}): NetScreen device_id=%{WORD:device_id|[netscreen][device_id]}%{DATA}: start_time=%{QUOTEDSTRING:start_time|[netscreen][session][start_time]} duration=%{INT:duration|[netscreen][session][duration]:int} policy_id=%{INT:policy_id|[netscreen][policy_id]} service=%{DATA:service|[netscreen][service]} proto=%{INT:proto|[netscreen][protocol_number]:int} src zone=%{WORD:src_zone|[observer][ingress][zone]} dst zone=%{WORD:dst_zone|[observer][egress][zone]} action=%{WORD:action|[event][action]} sent=%{INT:sent|[source][bytes]:int} rcvd=%{INT:rcvd|[destination][bytes]:int} src=%{IPORHOST:src_ip|[source][address]} dst=%{IPORHOST:dst_ip|[destination][address]}(?: src_port=%{INT:src_port|[source][port]:int} dst_port=%{INT:dst_port|[destination][port]:int})?(?: src-xlated ip=%{IP:src_xlated_ip|[source][nat][ip]} port=%{INT:src_xlated_port|[source][nat][port]:int} dst-xlated ip=%{IP:dst_xlated_ip|[destination][nat][ip]} port=%{INT:dst_xlated_port|[destination][nat][port]:int})?(?: session_id=%{INT:session_id|[netscreen][session][id]} reason=%{GREEDYDATA:reason|[netscreen][session][reason]})?`,
  IPTABLES_TCP_FLAGS: raw`(?:(?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN) )*`,
  IPTABLES_TCP_PART:
    raw`(?:SEQ=%{INT:nf_tcp_seq|[iptables][tcp][seq]:int}\s+)?(?:ACK=%{INT:nf_tcp_ack|[iptables][tcp][ack]:int}\s+)?WINDOW=%{INT:nf_tcp_window|[iptables][tcp][window]:int}\s+RES=0x%{BASE16NUM:nf_tcp_reserved|[iptables][tcp_reserved_bits]}\s+%{IPTABLES_TCP_FLAGS:nf_tcp_flags|[iptables][tcp][flags]}`,
  IPTABLES4_FRAG: raw`(?:CE|DF|MF)(?: (?:CE|DF|MF))*`,
  IPTABLES4_PART:
    raw`SRC=%{IPV4:nf_src_ip|[source][ip]}\s+DST=%{IPV4:nf_dst_ip|[destination][ip]}\s+LEN=(?:%{INT:nf_len|[iptables][length]:int})?\s+TOS=(?:0x%{BASE16NUM:nf_tos|[iptables][tos]}|0)?\s+PREC=(?:0x%{BASE16NUM:nf_prec|[iptables][precedence_bits]})?\s+TTL=(?:%{INT:nf_ttl|[iptables][ttl]:int})?\s+ID=(?:%{INT:nf_id|[iptables][id]})?(?:\s+%{IPTABLES4_FRAG:nf_frag_flags|[iptables][fragment_flags]})?(?:\s+FRAG: %{INT:nf_frag_offset|[iptables][fragment_offset]:int})?`,
  IPTABLES6_PART:
    raw`SRC=%{IPV6:nf_src_ip|[source][ip]}\s+DST=%{IPV6:nf_dst_ip|[destination][ip]}\s+LEN=(?:%{INT:nf_len|[iptables][length]:int})?\s+TC=(?:0x%{BASE16NUM:nf_tos|[iptables][tos]}|%{INT:nf_tos|[iptables][tos]})?\s+HOPLIMIT=(?:%{INT:nf_ttl|[iptables][ttl]:int})?\s+FLOWLBL=(?:%{INT:nf_flow_label|[iptables][flow_label]})?`,
  IPTABLES:
    raw`IN=%{NOTSPACE:nf_in_interface|[observer][ingress][interface][name]}?\s+OUT=%{NOTSPACE:nf_out_interface|[observer][egress][interface][name]}?\s+(?:MAC=(?:%{COMMONMAC:nf_dst_mac|[destination][mac]}(?::%{COMMONMAC:nf_src_mac|[source][mac]}(?::[A-Fa-f0-9]{2}:[A-Fa-f0-9]{2})?)?)?\s+)?(?:%{IPTABLES4_PART}|%{IPTABLES6_PART}).*?PROTO=%{WORD:nf_protocol|[network][transport]}?(?:\s+SPT=%{INT:nf_src_port|[source][port]:int}?\s+DPT=%{INT:nf_dst_port|[destination][port]:int}?(?:\s+%{IPTABLES_TCP_PART})?)?`,
  SHOREWALL:
    raw`%{SYSLOGTIMESTAMP:timestamp} %{HOSTNAME:nf_host|[observer][hostname]} .*?Shorewall:%{WORD:nf_action1|[shorewall][firewall][type]}?:%{WORD:nf_action2|[shorewall][firewall][action]}?.*?%{IPTABLES}`,
  SFW2_LOG_PREFIX: raw`SFW2-INext-%{NOTSPACE:nf_action|[suse][firewall][action]}`,
  SFW2:
    raw`(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp})\s*%{HOSTNAME:|[observer][hostname]}.*?%{SFW2_LOG_PREFIX:|[suse][firewall][log_prefix]}\s*%{IPTABLES}`,
  RT_FLOW_TAG: raw`(?:RT_FLOW_SESSION_CREATE|RT_FLOW_SESSION_CLOSE|RT_FLOW_SESSION_DENY)`,
  RT_FLOW_EVENT: raw`%{RT_FLOW_TAG}`,
  RT_FLOW1: {
    legacy:
      raw`${FLOW_TAG}%{DATA:close-reason}: ${FLOW_ENDS}${FLOW_NAT}${FLOW_RULES.legacy}${FLOW_POLICY}${FLOW_CLOSED}`,
    ecs:
      raw`${FLOW_TAG}%{DATA:[juniper][srx][reason]}: ${FLOW_ENDS}${FLOW_NAT}${FLOW_RULES.ecs}${FLOW_POLICY}${FLOW_CLOSED}`,
  },
  RT_FLOW2: {
    legacy: raw`${FLOW_TAG}session created ${FLOW_ENDS}${FLOW_NAT}${FLOW_RULES.legacy}${FLOW_POLICY}`,
    ecs: raw`${FLOW_TAG}session created ${FLOW_ENDS}${FLOW_NAT}${FLOW_RULES.ecs}${FLOW_POLICY}`,
  },
  RT_FLOW3:
    raw`${FLOW_TAG}session denied ${FLOW_ENDS}%{INT:protocol-id|[network][iana_number]}\([0-9]+\) %{NOTSPACE:policy-name|[rule][name]} %{NOTSPACE:from-zone|[observer][ingress][zone]} %{NOTSPACE:to-zone|[observer][egress][zone]}`,
};
