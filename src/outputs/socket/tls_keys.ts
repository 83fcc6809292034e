import type { PermissionNeed } from "../../lib/permission.ts";
import * as schema from "../../lib/schema.ts";
import { readTlsFiles, type TlsFiles, type TlsOptions } from "../http/tls_files.ts";

/** The block `tls` of outputs that connect by themselves. */
export const tlsSchema = schema.object({
  ca_file: schema.string().check(notEmpty).describe(
    "File with certificates (PEM) that are trusted beside the usual ones.",
  ),
  cert_file: schema.string().check(notEmpty).describe("File with the client certificate chain (PEM)."),
  key_file: schema.string().check(notEmpty).describe("File with the client certificate's private key (PEM)."),
  verify_hostname: schema.boolean().default(true).describe(
    "Whether the server's certificate must be for the host that is connected to; it must be a trusted one in any case.",
  ),
}).check(tlsProblem);

/** The parsed block. */
export type TlsKeys = schema.Infer<typeof tlsSchema>;

/** What Deno connects with. */
export type ClientTls = TlsOptions & { readonly unsafelyDisableHostnameVerification?: boolean };

/** Reads the files. Throws an Error that names the one that cannot be used. */
export async function readTls(keys: TlsKeys): Promise<ClientTls> {
  const files = await readTlsFiles(keys);
  return keys.verify_hostname ? files : { ...files, unsafelyDisableHostnameVerification: true };
}

/** What reading the files needs. */
export function tlsNeeds({ ca_file, cert_file, key_file }: TlsFiles): PermissionNeed[] {
  const files = [
    [ca_file, "the certificates that an output trusts"],
    [cert_file, "the client certificate of an output"],
    [key_file, "the private key of an output"],
  ] as const;
  return files.flatMap(([path, why]): PermissionNeed[] =>
    path === undefined ? [] : [{ name: "read", path, why }]
  );
}

/** Whether the block says anything. */
export function hasTlsKeys(keys: TlsKeys): boolean {
  return keys.ca_file !== undefined || keys.cert_file !== undefined || !keys.verify_hostname;
}

/** A rule for keys that are files or names. */
export function notEmpty(text: string): string | undefined {
  return text === "" ? "must not be empty" : undefined;
}

/** A rule for sizes and times. */
export function atLeast(least: number, text: string): (value: number) => string | undefined {
  return (value) => (value < least ? `is too small; must be at least ${text}` : undefined);
}

function tlsProblem({ cert_file, key_file }: TlsFiles): string | undefined {
  if ((cert_file === undefined) === (key_file === undefined)) return undefined;
  const [given, missing] = key_file === undefined ? ["cert_file", "key_file"] : ["key_file", "cert_file"];
  return `has ${given} without ${missing}; a client certificate needs both`;
}
