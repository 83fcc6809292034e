const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Whether a text is an IPv4 address with four decimal parts. */
export function isIpv4(text: string): boolean {
  return text.length <= 15 && IPV4.test(text);
}

/** Whether a text is an IPv6 address in one of the notations of RFC 4291, without a zone. */
export function isIpv6(text: string): boolean {
  if (text.length < 2 || text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const [head = "", tail = ""] = halves;
  const headGroups = head === "" ? [] : head.split(":");
  const tailGroups = tail === "" ? [] : tail.split(":");
  const groups = [...headGroups, ...tailGroups];
  let count = groups.length;
  const last = groups.at(-1) ?? "";
  if (last.includes(".")) {
    // IPv4 stands at the very end only, for two groups.
    if (!isIpv4(last) || (halves.length === 2 && tailGroups.length === 0)) return false;
    groups.pop();
    count++;
  }
  return groups.every((group) => GROUP.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}

/**
 * The address in what programs log as one: with a port (`10.0.0.1:443`, `[::1]:443`), with a zone (`fe80::1%eth0`), or
 * the first of a list (`X-Forwarded-For`). IPv4 inside of IPv6 comes out as IPv4. Undefined if there is none.
 */
export function ipAddressIn(text: string): string | undefined {
  let address = text.split(",", 1)[0]?.trim() ?? "";
  if (address.startsWith("[")) address = address.slice(1, address.indexOf("]"));
  const zone = address.indexOf("%");
  if (zone !== -1) address = address.slice(0, zone);
  const port = address.indexOf(":");
  if (port !== -1 && address.indexOf(":", port + 1) === -1) address = address.slice(0, port);
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) address = mapped;
  return isIpv4(address) || isIpv6(address) ? address : undefined;
}
