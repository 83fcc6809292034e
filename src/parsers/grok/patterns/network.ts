import { type PatternGroup, raw } from "./pattern_group.ts";

/** One to three digits up to 255; the first digit alone decides how to go on. */
const OCTET = raw`(?:1[0-9]?[0-9]?|2(?:[0-4][0-9]?|5[0-5]?|[6-9])?|[3-9][0-9]?|0[0-9]?[0-9]?)`;
const DOTTED = raw`(?:${OCTET}\.){3}${OCTET}`;
/** Its length is not looked at: counted repetitions in repetitions are beyond V8's linear engine. */
const HEX = "[0-9A-Fa-f]+";

/** Addresses and names of hosts. */
export const network: PatternGroup = {
  CISCOMAC: raw`(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}`,
  WINDOWSMAC: raw`(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}`,
  COMMONMAC: raw`(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}`,
  MAC: raw`(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})`,
  // All eight groups; six and a dotted address; or two colons that stand for the groups left out.
  IPV6:
    raw`(?<![\w:.])(?:(?:${HEX}:){7}${HEX}|(?:${HEX}:){6}${DOTTED}|(?:${HEX}(?::${HEX}){0,6})?::(?:(?:${HEX}:){0,5}${DOTTED}\b|${HEX}(?::${HEX}){0,6})?)(?:%[0-9A-Za-z._~-]+)?`,
  IPV4: raw`(?<![0-9.])${DOTTED}\b`,
  IP: raw`(?:%{IPV4}|%{IPV6})`,
  HOSTNAME: raw`\b[0-9A-Za-z][0-9A-Za-z-]*(?:\.[0-9A-Za-z][0-9A-Za-z-]*)*\.?`,
  HOST: raw`%{HOSTNAME}`,
  // A host name before an address with colons would take the part before the first one.
  IPORHOST: raw`(?:%{IPV4}|%{IPV6}|%{HOSTNAME})`,
  HOSTPORT: raw`%{IPORHOST}:%{POSINT}`,
};
