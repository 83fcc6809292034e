import { isIpv6 } from "../ip_address.ts";
import type { Replacement } from "./redactions.ts";

const IPV4 =
  /(?<!\d|\d\.|[vV])(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}(?!\d|\.\d)/g;
const IPV4_HINT = /\d\.\d{1,3}\.\d{1,3}\.\d/;

const IPV6_CANDIDATE = /(?<![\w:])[0-9a-fA-F:]{2,39}(?:\.\d{1,3}){0,3}(?!\w)/g;

/** Hides IP addresses of both versions. */
export function redactIps(text: string, replacement: Replacement): string {
  const withoutIpv6 = mayHoldIpv6(text)
    ? text.replace(IPV6_CANDIDATE, (candidate) => redactIpv6(candidate, replacement))
    : text;
  return IPV4_HINT.test(withoutIpv6)
    ? withoutIpv6.replace(IPV4, (address) => replacement(address))
    : withoutIpv6;
}

/** An address has "::" or six colons at least, close together; times of day and MAC addresses have fewer. */
function mayHoldIpv6(text: string): boolean {
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (let at = text.indexOf(":"); at !== -1; at = text.indexOf(":", at + 1)) {
    count = at - last <= 5 ? count + 1 : 1;
    if (at - last === 1 || count === 6) return true;
    last = at;
  }
  return false;
}

function redactIpv6(candidate: string, replacement: Replacement): string {
  // A colon behind an address belongs to the sentence.
  const address = /[^:]:$/.test(candidate) ? candidate.slice(0, -1) : candidate;
  // "::" alone stands in C++ and Rust names rather than for an address.
  if (address === "::" || !isIpv6(address)) return candidate;
  return replacement(address) + candidate.slice(address.length);
}
