import * as fs from "node:fs";
import { join } from "node:path";
import { run } from "./install.ts";

/** Unpacks Debian packages into a directory, without touching the system. Throws where there is no apt. */
export async function unpackDebian(directory: string, packages: readonly string[]): Promise<void> {
  const archives = join(directory, "archives");
  fs.mkdirSync(archives, { recursive: true });
  // Leave to write there for the user that apt downloads as.
  fs.chmodSync(archives, 0o777);
  await run("apt-get", ["download", ...packages], { cwd: archives }).catch(async (error) => {
    // The lists may never have been fetched, or be old.
    await run("apt-get", ["update"]).catch(() => {
      throw error;
    });
    await run("apt-get", ["download", ...packages], { cwd: archives });
  });
  for (const name of fs.readdirSync(archives)) await run("dpkg", ["-x", join(archives, name), directory]);
  fs.rmSync(archives, { recursive: true });
}

/** The environment for programs of such a directory. */
export function debianEnv(directory: string): Record<string, string> {
  return { LD_LIBRARY_PATH: librariesOf(directory).join(":") };
}

/** Where the libraries of such a directory lie. */
export function librariesOf(directory: string): string[] {
  const libraries = join(directory, "usr/lib");
  const triplets = fs.readdirSync(libraries).filter((name) => name.includes("-linux-"));
  return [...triplets.map((name) => join(libraries, name)), libraries];
}
