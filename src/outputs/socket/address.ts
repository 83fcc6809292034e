import type { PermissionNeed } from "../../lib/permission.ts";

/** Where an output connects to, taken from a URL such as `tcp://logs.example.com:514` or `unix:///run/log.sock`. */
export type Address =
  | { readonly scheme: string; readonly hostname: string; readonly port: number }
  | { readonly scheme: "unix"; readonly path: string };

/** The schemes that an output takes, each with the port where none is written; undefined: one must be written. */
export type Schemes = Readonly<Record<string, number | undefined>>;

const NETWORK = /^([a-z+]+):\/\/(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@[\]\p{Cc}]+)(?::(\d{1,5}))?\/?$/u;
const LOCAL = /^unix:\/\/(\/[^\0]+)$/u;

/** The address that a text names, or, as a text, what is wrong with it. It never quotes what may be a secret. */
export function parseAddress(text: string, schemes: Schemes): Address | string {
  const example = exampleOf(schemes);
  const path = LOCAL.exec(text)?.[1];
  if (path !== undefined && "unix" in schemes) return { scheme: "unix", path };
  const [, scheme = "", host = "", digits] = NETWORK.exec(text) ?? [];
  if (text.includes("@")) return `must hold no user and no password; write an address such as ${example}`;
  if (scheme === "" || scheme === "unix") {
    return `is no address; write one such as ${example}`;
  }
  if (!(scheme in schemes)) {
    return `has the scheme "${scheme}"; must be one of ${Object.keys(schemes).join(", ")}`;
  }
  const port = digits === undefined ? schemes[scheme] : Number(digits);
  if (port === undefined) return `has no port; write one such as ${example}`;
  if (port < 1 || port > 65_535) return "has a port that does not exist; must be 1 to 65535";
  return { scheme, hostname: host.replace(/^\[|\]$/gu, ""), port };
}

/** The same for a text that the schema has checked. */
export function addressOf(text: string, schemes: Schemes): Address {
  const address = parseAddress(text, schemes);
  if (typeof address === "string") throw new TypeError(`Cannot use an address: it ${address}`);
  return address;
}

/** A rule for the schema of the key. */
export function addressProblem(schemes: Schemes): (text: string) => string | undefined {
  return (text) => {
    const address = parseAddress(text, schemes);
    return typeof address === "string" ? address : undefined;
  };
}

/** The address for messages: `127.0.0.1:514`, `[::1]:514`, `/run/log.sock`. */
export function nameOf(address: Address): string {
  if ("path" in address) return address.path;
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** What connecting there needs. */
export function addressNeeds(address: Address): PermissionNeed[] {
  const why = "to send records there";
  if ("path" in address) {
    const { path } = address;
    return [
      { name: "net", host: `unix:${path}`, why },
      { name: "read", path, why },
      { name: "write", path, why },
    ];
  }
  return [{ name: "net", host: nameOf(address), why }];
}

/** The address of this machine that datagrams to a host leave from. */
export function sourceOf(hostname: string): string {
  if (hostname === "localhost" || hostname.startsWith("127.")) return "127.0.0.1";
  return hostname === "::1" ? "::1" : hostname.includes(":") ? "::" : "0.0.0.0";
}

/** What sending datagrams needs beside the address: a port of its own to send them from. */
export function datagramNeeds(address: Address): PermissionNeed[] {
  if ("path" in address) return [];
  const source = sourceOf(address.hostname);
  const host = source.includes(":") ? `[${source}]:0` : `${source}:0`;
  return [{ name: "net", host, why: "to send datagrams from a free port" }];
}

function exampleOf(schemes: Schemes): string {
  const [scheme = "tcp"] = Object.keys(schemes);
  return `${scheme}://logs.example.com:${schemes[scheme] ?? 5000}`;
}
