import { join } from "node:path";
import type { PermissionNeed } from "../../lib/permission.ts";
import { AWS_VARIABLES, awsVariable } from "./aws_environment.ts";

/** What the needs depend on. */
interface Connection {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly access_key_id?: string | undefined;
  readonly tls: { readonly ca_file?: string | undefined };
}

/** Where containers and machines of AWS get credentials. */
const METADATA_SERVICES = ["169.254.169.254:80", "169.254.170.2:80", "169.254.170.23:80"];

/** What the output needs from the operating system. */
export function s3Needs({ bucket, region, endpoint, access_key_id, tls }: Connection): PermissionNeed[] {
  const needs: PermissionNeed[] = hostsOf(bucket, region, endpoint).map((host) => ({
    name: "net",
    host,
    why: "to upload objects there",
  }));
  if (tls.ca_file !== undefined) {
    needs.push({ name: "read", path: tls.ca_file, why: "the certificates that the S3 output trusts" });
  }
  if (access_key_id !== undefined) return needs;
  const why = "credentials for S3";
  for (const variable of AWS_VARIABLES) needs.push({ name: "env", variable, why });
  for (const host of [`sts.${region}.${domainOf(region)}:443`, ...METADATA_SERVICES]) {
    needs.push({ name: "net", host, why });
  }
  for (const path of credentialFiles()) needs.push({ name: "read", path, why });
  return needs;
}

function hostsOf(bucket: string, region: string, endpoint: string | undefined): string[] {
  if (endpoint === undefined) {
    const host = `s3.${region}.${domainOf(region)}:443`;
    return [`${bucket.toLowerCase()}.${host}`, host].filter((each) => !each.startsWith("arn:"));
  }
  const { protocol, hostname, port } = new URL(endpoint);
  const host = `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
  // With a host name the bucket may stand before it.
  const isAddress = hostname.startsWith("[") || /^[\d.]+$/u.test(hostname);
  return isAddress ? [host] : [host, `${bucket.toLowerCase()}.${host}`];
}

function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

function credentialFiles(): string[] {
  const values = Object.fromEntries(AWS_VARIABLES.map((name) => [name, awsVariable(name)]));
  const home = values["HOME"] ?? values["USERPROFILE"];
  return [
    values["AWS_SHARED_CREDENTIALS_FILE"],
    values["AWS_CONFIG_FILE"],
    values["AWS_WEB_IDENTITY_TOKEN_FILE"],
    values["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
    home === undefined ? undefined : join(home, ".aws"),
  ].flatMap((path) => path === undefined || path === "" ? [] : [path]);
}
