import { reasonOf } from "../../lib/reason.ts";

/** Files with certificates and keys, as configured under `tls`. */
export interface TlsFiles {
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

/** What Deno makes a client of. */
export type TlsOptions = { caCerts?: string[] } | { caCerts?: string[]; cert: string; key: string };

/** Reads the files. Throws an Error that names the one that cannot be used. */
export async function readTlsFiles({ ca_file, cert_file, key_file }: TlsFiles): Promise<TlsOptions> {
  const [ca, cert, key] = await Promise.all([
    readPem("tls.ca_file", ca_file, "CERTIFICATE"),
    readPem("tls.cert_file", cert_file, "CERTIFICATE"),
    readPem("tls.key_file", key_file, "PRIVATE KEY"),
  ]);
  const trusted = ca === undefined ? {} : { caCerts: [ca] };
  return cert === undefined || key === undefined ? trusted : { ...trusted, cert, key };
}

async function readPem(name: string, path: string | undefined, kind: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`cannot read ${name} "${path}": ${reasonOf(error)}`, { cause: error });
  }
  // Deno takes a file without any certificate for none at all, and every request would fail then.
  if (new RegExp(`^-----BEGIN [A-Z0-9 ]*${kind}-----`, "mu").test(text)) return text;
  throw new Error(`cannot use ${name} "${path}": it has no ${kind.toLowerCase()} in PEM`);
}
