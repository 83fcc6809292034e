import { type PatternGroup, raw } from "./pattern_group.ts";

/** `outside:192.0.2.1/443(user)`: interface, address, port, and user of one end of a connection. */
function end(side: "src" | "dst", { port = "/%{PORT}", interface: named = true } = {}): string {
  const ecs = side === "src" ? "source" : "destination";
  const zone = side === "src" ? "ingress" : "egress";
  const name = named ? raw`%{DATA:${side}_interface|[observer][${zone}][interface][name]}:` : "";
  const number = port.replace("%{PORT}", raw`%{INT:${side}_port|[${ecs}][port]:int}`);
  return raw`${name}%{IP:${side}_ip|[${ecs}][ip]}${number}`;
}

/** A user in parentheses, who may not be there. */
function user(side: "src" | "dst"): string {
  const ecs = side === "src" ? "source" : "destination";
  return raw`(?:\(%{DATA:${side}_fwuser|[${ecs}][user][name]}\))?`;
}

/** The address that a translation gives, which may not be there. */
function mapped(side: "src" | "dst"): string {
  const ecs = side === "src" ? "source" : "destination";
  return raw`(?: \(%{IP:${side}_mapped_ip|[${ecs}][nat][ip]}/%{INT:${side}_mapped_port|[${ecs}][nat][port]:int}\))?`;
}

const PLAIN = { interface: false };
const ACTION = raw`%{CISCO_ACTION:action|[cisco][asa][outcome]}`;
const DIRECTION = raw`%{CISCO_DIRECTION:direction|[cisco][asa][network][direction]}`;
const PROTOCOL = raw`%{WORD:protocol|[cisco][asa][network][transport]}`;
const REASON = raw`%{CISCO_REASON:reason|[event][reason]}`;
const ON_INTERFACE = raw`on interface %{NOTSPACE:interface|[observer][ingress][interface][name]}`;
const FLAGS = raw`flags %{DATA:tcp_flags|[cisco][asa][tcp_flags]} ${ON_INTERFACE}`;
const ICMP =
  raw`\(type %{INT:icmp_type|[cisco][asa][icmp_type]:int}, code %{INT:icmp_code|[cisco][asa][icmp_code]:int}\)`;
const POLICY = raw`%{NOTSPACE:policy_id|[cisco][asa][rule_name]}`;
const HASHES =
  raw`\[%{DATA:hashcode1|[metadata][cisco][asa][hashcode1]}, %{DATA:hashcode2|[metadata][cisco][asa][hashcode2]}\]`;
const UNIT = raw`\((?:Primary|Secondary)\)`;
const HITS =
  raw`hit-cnt %{INT:hit_count|[cisco][asa][hit_count]:int} %{CISCO_INTERVAL:interval|[metadata][cisco][asa][interval]} ${HASHES}`;
const NAMED_INTERFACE = raw`[Ii]nterface %{GREEDYDATA:interface_name|[network][interface][name]}`;
const USER = raw`(?: \(%{DATA:user|[user][name]}\))?`;

function listed(side: "src" | "dst"): string {
  const ecs = side === "src" ? "source" : "destination";
  const zone = side === "src" ? "ingress" : "egress";
  return raw`%{DATA:${side}_interface|[observer][${zone}][interface][name]}/%{IP:${side}_ip|[${ecs}][ip]}\(%{INT:${side}_port|[${ecs}][port]:int}\)${
    user(side)
  }`;
}

/** Messages of Cisco's ASA, by their numbers. */
export const cisco: PatternGroup = {
  CISCO_TAGGED_SYSLOG:
    raw`^<%{POSINT:syslog_pri|[log][syslog][priority]:int}>%{CISCOTIMESTAMP:timestamp}(?: %{SYSLOGHOST:sysloghost|[host][hostname]})? ?: %%{CISCOTAG:ciscotag|[cisco][asa][tag]}:`,
  CISCOTIMESTAMP: raw`%{MONTH} +%{MONTHDAY}(?: [0-9]{4})? %{TIME}`,
  CISCOTAG: raw`[A-Z0-9]+-%{INT}-[A-Z0-9_]+`,
  CISCO_ACTION:
    raw`(?:Built|Teardown|Deny|Denied|denied by ACL|denied|requested|permitted|discarded|est-allowed|Dropping|created|deleted)`,
  CISCO_REASON:
    raw`(?:Duplicate TCP SYN|Failed to locate egress interface|Invalid transport field|No matching connection|DNS Response|DNS Query|\w+(?:\s+\w+)*)`,
  CISCO_DIRECTION: raw`(?:[Ii]nbound|[Oo]utbound)`,
  CISCO_INTERVAL: raw`(?:first hit|%{INT}-second interval)`,
  CISCO_XLATE_TYPE: raw`(?:static|dynamic)`,
  CISCOFW104001: raw`${UNIT} Switching to ACTIVE - %{GREEDYDATA:switch_reason|[event][reason]}`,
  CISCOFW104002: raw`${UNIT} Switching to STANDBY - %{GREEDYDATA:switch_reason|[event][reason]}`,
  CISCOFW104003: raw`${UNIT} Switching to FAILED\.`,
  CISCOFW104004: raw`${UNIT} Switching to OK\.`,
  CISCOFW105003: raw`${UNIT} Monitoring on ${NAMED_INTERFACE} waiting`,
  CISCOFW105004: raw`${UNIT} Monitoring on ${NAMED_INTERFACE} normal`,
  CISCOFW105005: raw`${UNIT} Lost Failover communications with mate on ${NAMED_INTERFACE}`,
  CISCOFW105008: raw`${UNIT} Testing ${NAMED_INTERFACE}`,
  CISCOFW105009: raw`${UNIT} Testing on ${NAMED_INTERFACE} (?:Passed|Failed)`,
  CISCOFW106001: raw`${DIRECTION} ${PROTOCOL} connection ${ACTION} from ${end("src", PLAIN)} to ${
    end("dst", PLAIN)
  } ${FLAGS}`,
  CISCOFW106006_106007_106010: raw`${ACTION} ${DIRECTION} ${PROTOCOL} (?:from|src) ${end("src", PLAIN)}${
    user("src")
  } (?:to|dst) ${end("dst", PLAIN)}${user("dst")} (?:${ON_INTERFACE}|due to ${REASON})`,
  CISCOFW106014: raw`${ACTION} ${DIRECTION} ${PROTOCOL} src ${end("src", { port: "" })}${user("src")} dst ${
    end("dst", { port: "" })
  }${user("dst")} ${ICMP}`,
  CISCOFW106015: raw`${ACTION} ${PROTOCOL} \(%{DATA:policy_id|[cisco][asa][rule_name]}\) from ${
    end("src", PLAIN)
  } to ${end("dst", PLAIN)} ${FLAGS}`,
  CISCOFW106021:
    raw`${ACTION} ${PROTOCOL} reverse path check from %{IP:src_ip|[source][ip]} to %{IP:dst_ip|[destination][ip]} ${ON_INTERFACE}`,
  CISCOFW106023:
    raw`${ACTION}(?: protocol)? ${PROTOCOL} src %{DATA:src_interface|[observer][ingress][interface][name]}:%{IPORHOST:src_ip|[source][address]}(?:/%{INT:src_port|[source][port]:int})?${
      user("src")
    } dst %{DATA:dst_interface|[observer][egress][interface][name]}:%{IPORHOST:dst_ip|[destination][address]}(?:/%{INT:dst_port|[destination][port]:int})?${
      user("dst")
    }(?: ${ICMP})? by access-group "?%{DATA:policy_id|[cisco][asa][rule_name]}"? ${HASHES}`,
  CISCOFW106100_2_3:
    raw`access-list ${POLICY} ${ACTION} ${PROTOCOL} for user '%{DATA:src_fwuser|[user][name]}' ${
      listed("src")
    } -> ${listed("dst")} ${HITS}`,
  CISCOFW106100: raw`access-list ${POLICY} ${ACTION} ${PROTOCOL} ${listed("src")} -> ${
    listed("dst")
  } ${HITS}`,
  CISCOFW304001: raw`%{IP:src_ip|[source][ip]}${
    user("src")
  } Accessed URL %{IP:dst_ip|[destination][ip]}:%{GREEDYDATA:dst_url|[url][original]}`,
  CISCOFW110002: raw`${REASON} for ${PROTOCOL} from ${end("src")} to ${end("dst", PLAIN)}`,
  CISCOFW302010:
    raw`%{INT:connection_count|[cisco][asa][connections][in_use]:int} in use, %{INT:connection_count_max|[cisco][asa][connections][most_used]:int} most used`,
  CISCOFW302013_302014_302015_302016:
    raw`${ACTION}(?: ${DIRECTION})? ${PROTOCOL} connection %{INT:connection_id|[cisco][asa][connection_id]} for ${
      end("src")
    }${mapped("src")}${user("src")} to ${end("dst")}${mapped("dst")}${
      user("dst")
    }(?: duration %{TIME:duration|[cisco][asa][duration]} bytes %{INT:bytes|[network][bytes]:int})?(?: ${REASON})?${USER}`,
  CISCOFW302020_302021:
    raw`${ACTION}(?: ${DIRECTION})? ${PROTOCOL} connection for faddr %{IP:dst_ip|[destination][ip]}/%{INT:icmp_seq_num|[cisco][asa][icmp_seq]:int}(?:\(%{DATA:fwuser|[destination][user][name]}\))? gaddr %{IP:src_xlated_ip|[source][nat][ip]}/%{INT:icmp_code_xlated|[cisco][asa][icmp_type]:int} laddr %{IP:src_ip|[source][ip]}/%{INT:icmp_code|[cisco][asa][icmp_code]:int}${USER}`,
  CISCOFW305011:
    raw`${ACTION} %{CISCO_XLATE_TYPE:xlate_type|[cisco][asa][nat_type]} ${PROTOCOL} translation from ${
      end("src", { port: "(?:/%{PORT})?" })
    }${
      user("src")
    } to %{DATA:src_xlated_interface|[observer][egress][interface][name]}:%{IP:src_xlated_ip|[source][nat][ip]}/%{NOTSPACE:src_xlated_port|[source][nat][port]:int}`,
  CISCOFW313001_313004_313008:
    raw`${ACTION} ${PROTOCOL} type=%{INT:icmp_type|[cisco][asa][icmp_type]:int}, code=%{INT:icmp_code|[cisco][asa][icmp_code]:int} from %{IP:src_ip|[source][ip]} ${ON_INTERFACE}(?: to %{IP:dst_ip|[destination][ip]})?`,
  CISCOFW313005:
    raw`${REASON} for ${PROTOCOL} error message: %{WORD:err_protocol|[cisco][asa][error][transport]} src %{DATA:err_src_interface|[cisco][asa][error][source][interface]}:%{IP:err_src_ip|[cisco][asa][error][source][ip]}(?:\(%{DATA:err_src_fwuser|[cisco][asa][error][source][user]}\))? dst %{DATA:err_dst_interface|[cisco][asa][error][destination][interface]}:%{IP:err_dst_ip|[cisco][asa][error][destination][ip]}(?:\(%{DATA:err_dst_fwuser|[cisco][asa][error][destination][user]}\))? \(type %{INT:err_icmp_type|[cisco][asa][error][icmp_type]:int}, code %{INT:err_icmp_code|[cisco][asa][error][icmp_code]:int}\) on %{NOTSPACE:interface|[observer][ingress][interface][name]} interface\.  Original IP payload: %{WORD:orig_protocol|[cisco][asa][original][transport]} src %{IP:orig_src_ip|[cisco][asa][original][source][ip]}/%{INT:orig_src_port|[cisco][asa][original][source][port]:int}(?:\(%{DATA:orig_src_fwuser|[cisco][asa][original][source][user]}\))? dst %{IP:orig_dst_ip|[cisco][asa][original][destination][ip]}/%{INT:orig_dst_port|[cisco][asa][original][destination][port]:int}(?:\(%{DATA:orig_dst_fwuser|[cisco][asa][original][destination][user]}\))?`,
  CISCOFW321001:
    raw`Resource '%{DATA:resource_name|[cisco][asa][resource][name]}' limit of %{POSINT:resource_limit|[cisco][asa][resource][limit]:int} reached for system`,
  CISCOFW402117:
    raw`${PROTOCOL}: Received a non-IPSec packet \(protocol= ?%{WORD:orig_protocol|[cisco][asa][original][transport]}\) from %{IP:src_ip|[source][ip]} to %{IP:dst_ip|[destination][ip]}`,
  CISCOFW402119:
    raw`${PROTOCOL}: Received an %{WORD:orig_protocol|[cisco][asa][ipsec][protocol]} packet \(SPI= ?%{DATA:spi|[cisco][asa][ipsec][spi]}, sequence number= ?%{DATA:seq_num|[cisco][asa][ipsec][sequence]}\) from %{IP:src_ip|[source][ip]} \(user= ?%{DATA:user|[user][name]}\) to %{IP:dst_ip|[destination][ip]} that failed anti-replay checking`,
  CISCOFW419001: raw`${ACTION} ${PROTOCOL} packet from ${end("src")} to ${
    end("dst")
  }, reason: %{GREEDYDATA:reason|[event][reason]}`,
  CISCOFW419002: raw`${REASON} from ${end("src")} to ${end("dst")} with different initial sequence number`,
  CISCOFW500004: raw`${REASON} for protocol=${PROTOCOL}, from ${end("src", PLAIN)} to ${end("dst", PLAIN)}`,
  CISCOFW602303_602304:
    raw`${PROTOCOL}: An ${DIRECTION} %{DATA:tunnel_type|[cisco][asa][ipsec][tunnel]} SA \(SPI= ?%{DATA:spi|[cisco][asa][ipsec][spi]}\) between %{IP:src_ip|[source][ip]} and %{IP:dst_ip|[destination][ip]} \(user= ?%{DATA:user|[user][name]}\) has been ${ACTION}`,
  CISCOFW710001_710002_710003_710005_710006: raw`${PROTOCOL} (?:request|access) ${ACTION} from ${
    end("src", PLAIN)
  } to ${end("dst")}`,
  CISCOFW713172:
    raw`Group = %{DATA:group|[cisco][asa][vpn][group]}, IP = %{IP:src_ip|[source][ip]}, Automatic NAT Detection Status:\s+Remote end\s*%{DATA:is_remote_natted|[cisco][asa][vpn][remote_natted]}\s*behind a NAT device\s+This\s+end\s*%{DATA:is_local_natted|[cisco][asa][vpn][local_natted]}\s*behind a NAT device`,
  CISCOFW733100:
    raw`\[\s*%{DATA:drop_type|[cisco][asa][burst][object]}\s*\] drop %{DATA:drop_rate_id|[cisco][asa][burst][id]} exceeded\. Current burst rate is %{INT:drop_rate_current_burst|[cisco][asa][burst][current_rate]:int} per second, max configured rate is %{INT:drop_rate_max_burst|[cisco][asa][burst][configured_rate]:int}; Current average rate is %{INT:drop_rate_current_avg|[cisco][asa][burst][avg_rate]:int} per second, max configured rate is %{INT:drop_rate_max_avg|[cisco][asa][burst][configured_avg_rate]:int}; Cumulative total count is %{INT:drop_total_count|[cisco][asa][burst][cumulative_count]:int}`,
};
