import type { PatternGroup } from "./patterns/pattern_group.ts";

/** The groups in the order in which names are looked for: the more often used, the earlier. */
const GROUPS: readonly (() => Promise<PatternGroup>)[] = [
  async () => (await import("./patterns/general.ts")).general,
  async () => (await import("./patterns/network.ts")).network,
  async () => (await import("./patterns/path.ts")).path,
  async () => (await import("./patterns/date.ts")).date,
  async () => (await import("./patterns/httpd.ts")).httpd,
  async () => (await import("./patterns/syslog.ts")).syslog,
  async () => (await import("./patterns/named.ts")).named,
  async () => (await import("./patterns/java.ts")).java,
  async () => (await import("./patterns/haproxy.ts")).haproxy,
  async () => (await import("./patterns/databases.ts")).databases,
  async () => (await import("./patterns/aws.ts")).aws,
  async () => (await import("./patterns/ruby.ts")).ruby,
  async () => (await import("./patterns/servers.ts")).servers,
  async () => (await import("./patterns/firewalls.ts")).firewalls,
  async () => (await import("./patterns/cisco.ts")).cisco,
  async () => (await import("./patterns/nagios.ts")).nagios,
];

/** The groups of the library, each loaded when it is asked for. */
export async function* loadLibraryGroups(): AsyncGenerator<PatternGroup, undefined> {
  for (const load of GROUPS) yield await load();
}
