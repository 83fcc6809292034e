import { dirname, relative, resolve } from "node:path";
import type { PermissionNeed } from "./permission.ts";

/** What Deno lacks to do what the configuration says. `needs` is what is missing, all of it at once. */
export class MissingPermissionsError extends Error {
  override readonly name = "MissingPermissionsError";

  constructor(intent: string, readonly needs: readonly PermissionNeed[], remedy: string, cause?: unknown) {
    const count = needs.length === 1 ? "1 permission is" : `${needs.length} permissions are`;
    const lines = needs.map((need) => `  ${flagOf(need)}  (${need.why})`);
    super(`Cannot ${intent}: ${count} missing; ${remedy}:\n${lines.join("\n")}`, { cause });
  }
}

/** What a need is about, as it stands behind the flag. */
function subjectOf(need: PermissionNeed): string {
  switch (need.name) {
    case "read":
    case "write":
      return need.path;
    case "net":
      return need.host;
    case "env":
      return need.variable;
    case "sys":
      return need.kind;
  }
}

function descriptorOf(need: PermissionNeed): Deno.PermissionDescriptor {
  switch (need.name) {
    case "read":
    case "write":
      return { name: need.name, path: need.path };
    case "net":
      return { name: "net", host: need.host };
    case "env":
      return { name: "env", variable: need.variable };
    case "sys":
      return { name: "sys", kind: need.kind as "hostname" };
  }
}

/** Deno separates the values of a flag by commas and takes two for one that belongs to a value. */
function flag(name: string, subjects: readonly string[]): string {
  return `--allow-${name}=${subjects.map((subject) => subject.replaceAll(",", ",,")).join(",")}`;
}

/** The flag that grants one need, for example `--allow-read=/var/log`. */
export function flagOf(need: PermissionNeed): string {
  return flag(need.name, [subjectOf(need)]);
}

/** The flags that grant all needs, one for each kind of permission. */
export function flagsOf(needs: readonly PermissionNeed[]): string[] {
  const kinds = Map.groupBy(needs, (need) => need.name);
  return [...kinds].map(([name, group]) => flag(name, group.map(subjectOf)));
}

/** Whether `path` is `directory` or lies in it. */
function isWithin(path: string, directory: string): boolean {
  const way = relative(resolve(directory), resolve(path));
  return way === "" || (!/^\.\.(?:[\\/]|$)/.test(way) && !/^(?:[A-Za-z]:|[\\/])/.test(way));
}

function covers(wide: PermissionNeed, narrow: PermissionNeed): boolean {
  if (wide.name !== narrow.name) return false;
  if ("path" in wide && "path" in narrow) return isWithin(narrow.path, wide.path);
  return subjectOf(wide) === subjectOf(narrow);
}

/** Leaves out what another need includes already, so that none of those left can be left out. */
export function withoutCovered(needs: readonly PermissionNeed[]): PermissionNeed[] {
  const kept: PermissionNeed[] = [];
  for (const need of needs) {
    if (kept.some((other) => covers(other, need))) continue;
    kept.splice(0, kept.length, ...kept.filter((other) => !covers(need, other)), need);
  }
  return kept;
}

async function isGranted(need: PermissionNeed): Promise<boolean> {
  return (await Deno.permissions.query(descriptorOf(need))).state === "granted";
}

/** Those needs that the process has no permission for. Never prompts. */
export async function missingPermissions(needs: readonly PermissionNeed[]): Promise<PermissionNeed[]> {
  const granted = await Promise.all(needs.map(isGranted));
  return needs.filter((_, index) => granted[index] !== true);
}

const REQUIRES = /^Requires (read|write|net|env|sys) access to (?:"(.*)"|<(.+)>)/;

/** The need that an error of Deno's sandbox names, also when it stands somewhere in the chain of causes. */
export function neededBy(error: unknown): PermissionNeed | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!(error instanceof Deno.errors.NotCapable)) return neededBy(error.cause);
  const [, name, quoted, bracketed] = REQUIRES.exec(error.message) ?? [];
  const subject = quoted ?? bracketed ?? "";
  const why = "asked for while running";
  switch (name) {
    case "read":
    case "write":
      return { name, path: subject, why };
    case "net":
      return { name, host: subject, why };
    case "env":
      return { name, variable: subject, why };
    case "sys":
      return { name, kind: subject, why };
    default:
      return undefined;
  }
}

/** What could not be given up, and why. */
export interface Narrowing {
  /** The permissions that the process still has and does not need, each in words. */
  readonly excess: readonly string[];
}

type Kind = Deno.PermissionDescriptor["name"];

async function has(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}

/** The directories above a path, the root first. */
function above(path: string): string[] {
  const directories: string[] = [];
  for (let at = resolve(path); dirname(at) !== at;) directories.unshift(at = dirname(at));
  return directories;
}

/**
 * Gives up reading or writing all but these paths. It works by a grant of a directory above them, `/` for example:
 * each path is asked for while that grant still covers it, which Deno answers silently and remembers, and then the
 * directories above are revoked. A grant without any path cannot be narrowed, only revoked as a whole.
 */
async function narrowPaths(
  name: "read" | "write",
  paths: readonly string[],
  excess: string[],
): Promise<void> {
  if (paths.length === 0) {
    await Deno.permissions.revoke({ name });
    return;
  }
  for (const path of paths) {
    if (await has({ name, path })) await Deno.permissions.request({ name, path: resolve(path) });
  }
  const needed = new Set(paths.map((path) => resolve(path)));
  for (const directory of new Set(paths.flatMap(above))) {
    if (!needed.has(directory)) await Deno.permissions.revoke({ name, path: directory });
  }
  if (await has({ name })) {
    excess.push(
      `${name} of all files: granted without paths; start with --allow-${name}=/ to have it narrowed`,
    );
  }
}

/** Gives up a permission whose single grants cannot be told apart from a grant of all. */
async function narrowWhole(name: "net" | "sys" | "env", needed: boolean, excess: string[]): Promise<void> {
  if (!needed) {
    await Deno.permissions.revoke({ name });
  } else if (await has({ name })) {
    excess.push(`all of ${name}: granted without names; start with --allow-${name}=… to have it narrowed`);
  }
}

/**
 * Gives up every permission that `needs` does not name, as far as Deno allows it. Open files and sockets survive;
 * there is no way back without a restart.
 */
export async function narrowPermissions(needs: readonly PermissionNeed[]): Promise<Narrowing> {
  const excess: string[] = [];
  for (const name of ["run", "ffi", "import"] as const satisfies readonly Kind[]) {
    await Deno.permissions.revoke({ name });
  }
  for (const name of ["read", "write"] as const) {
    await narrowPaths(name, needs.flatMap((need) => need.name === name ? [need.path] : []), excess);
  }
  for (const name of ["net", "sys", "env"] as const) {
    await narrowWhole(name, needs.some((need) => need.name === name), excess);
  }
  return { excess };
}
