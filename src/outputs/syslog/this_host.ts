import type { EncodedBatch } from "../../batch.ts";
import type { PermissionNeed } from "../../lib/permission.ts";
import { NIL, NOT_PRINTABLE, THIS_HOST } from "./header_text.ts";

const HOSTNAME_FILE = "/etc/hostname";
const HOSTNAME_VARIABLE = "COMPUTERNAME";
const MARK = THIS_HOST.charCodeAt(0);
const SPACE = 32;
const CLOSING = 62;
/** `Nov 25 10:00:00 `, which has spaces itself. */
const TIME_3164 = 16;

/** The name of this machine as far as it may be asked for, else `-`. */
export async function nameOfThisHost(): Promise<string> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  const name = state === "granted" ? Deno.hostname() : await askedElsewhere();
  return name.trim().slice(0, 255).replace(NOT_PRINTABLE, "_") || NIL;
}

async function askedElsewhere(): Promise<string> {
  try {
    return Deno.build.os === "windows"
      ? Deno.env.get(HOSTNAME_VARIABLE) ?? ""
      : await Deno.readTextFile(HOSTNAME_FILE);
  } catch {
    // There is no such file, or no leave to read it.
    return "";
  }
}

/** What that needs. */
export function thisHostNeeds(): PermissionNeed[] {
  const why = "to tell the name of this machine in syslog messages";
  switch (Deno.build.os) {
    case "linux":
      return [{ name: "read", path: HOSTNAME_FILE, why }];
    case "windows":
      return [{ name: "env", variable: HOSTNAME_VARIABLE, why }];
    default:
      return [];
  }
}

/** The batch with a host name in the headers where the encoder left that open. */
export function withHost(batch: EncodedBatch, host: Uint8Array, format: "5424" | "3164"): EncodedBatch {
  const { bytes } = batch;
  const ends = new Uint32Array(batch.ends.length);
  const filled = new Uint8Array(bytes.length + ends.length * host.length);
  let at = 0;
  let start = 0;
  for (let index = 0; index < ends.length; index++) {
    const end = batch.ends[index] ?? start;
    const mark = format === "5424" ? markIn5424(bytes, start) : bytes.indexOf(CLOSING, start) + 1 + TIME_3164;
    if (mark < end && bytes[mark] === MARK) {
      filled.set(bytes.subarray(start, mark), at);
      at += mark - start;
      filled.set(host, at);
      at += host.length;
      start = mark + 1;
    }
    filled.set(bytes.subarray(start, end), at);
    at += end - start;
    ends[index] = at;
    start = end;
  }
  return { ...batch, bytes: filled.subarray(0, at), ends };
}

/** Behind `<14>1 2026-11-25T10:00:00Z `. */
function markIn5424(bytes: Uint8Array, start: number): number {
  return bytes.indexOf(SPACE, bytes.indexOf(SPACE, start) + 1) + 1;
}
