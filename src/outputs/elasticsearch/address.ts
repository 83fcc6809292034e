import { Buffer } from "node:buffer";
import type { ClusterNode } from "./nodes.ts";

/** A node as it is configured. */
export interface Address extends ClusterNode {
  /** Empty: none. */
  readonly password: string;
}

const DEFAULT_ADDRESS = "http://localhost:9200";

/** What is wrong with an address. It may hold a password, so it is never quoted. */
export function addressProblem(address: string): string | undefined {
  if (!URL.canParse(address)) return "is no URL; write one such as https://es:9200";
  const { protocol, search, hash, username, password } = new URL(address);
  if (protocol !== "http:" && protocol !== "https:") {
    return "must begin with http:// or https://, as in https://es:9200";
  }
  if (decoded(username) === undefined || decoded(password) === undefined) {
    return "has a user or a password that is no percent-encoded text";
  }
  return search === "" && hash === ""
    ? undefined
    : "must have no query; write headers for what all requests have";
}

/** What is wrong with a cloud id. */
export function cloudIdProblem(cloudId: string): string | undefined {
  return cloudUrl(cloudId) === undefined
    ? "is no cloud id; copy it from the deployment's page, it looks like name:ZXU…"
    : undefined;
}

/** The nodes of a configuration. A user and a password in an address count for that node alone. */
export function hostsOf(
  config: { readonly addresses?: readonly string[] | undefined; readonly cloud_id?: string | undefined },
): Address[] {
  const cloud = config.cloud_id === undefined ? undefined : cloudUrl(config.cloud_id);
  const addresses = cloud === undefined ? config.addresses ?? [DEFAULT_ADDRESS] : [cloud];
  return addresses.filter((address) => URL.canParse(address)).map((address) => {
    const url = new URL(address);
    const user = decoded(url.username) ?? "";
    const password = decoded(url.password) ?? "";
    url.username = url.password = "";
    if (user === "" && password === "") return { url, password, authorization: undefined };
    return { url, password, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
  });
}

/** `name:` and in base64 `host$uuid of the cluster$uuid of Kibana`, where host and uuid may have a port. */
function cloudUrl(cloudId: string): string | undefined {
  const code = cloudId.slice(cloudId.lastIndexOf(":") + 1);
  const [host = "", cluster = ""] = Buffer.from(code, "base64").toString("latin1").split("$");
  const [domain = "", port = "443"] = host.split(":");
  const [id = "", ownPort = port] = cluster.split(":");
  const url = `https://${id}.${domain}:${ownPort}`;
  const isName = /^[\w-]+$/u.test(id) && /^[\w-]+(?:\.[\w-]+)+$/u.test(domain);
  return isName && URL.canParse(url) ? url : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
