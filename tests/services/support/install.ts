import * as fs from "node:fs";
import { join } from "node:path";

/** What a test needs is there, in `directory`, or cannot be had on this machine. */
export type Installed = { readonly directory: string } | { readonly missing: string };

/** Where servers are installed, once for all runs. */
function cacheDirectory(): string {
  const { SERVICES_CACHE, XDG_CACHE_HOME, HOME = "/tmp" } = Deno.env.toObject();
  return SERVICES_CACHE ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "logaggregator-services");
}

/**
 * Installs a server or a client into a directory of its own, unless an earlier run has done so. `version` is part of
 * its name, so that another version is another installation. What `steps` throws is the reason why it is missing.
 */
export async function install(
  name: string,
  version: string,
  steps: (directory: string) => Promise<void>,
): Promise<Installed> {
  const directory = join(cacheDirectory(), `${name}-${version}`);
  const done = join(directory, ".installed");
  if (fs.existsSync(done)) return { directory };
  console.log(`installing ${name} ${version}`);
  try {
    // Test files are separate processes: only one of them installs.
    fs.mkdirSync(directory, { recursive: true });
    await using _lock = await lock(join(directory, ".lock"));
    if (fs.existsSync(done)) return { directory };
    await steps(directory);
    fs.writeFileSync(done, "");
    return { directory };
  } catch (error) {
    const missing = `${name} ${version} cannot be had here: ${
      error instanceof Error ? error.message : String(error)
    }`;
    console.log(`SKIPPED ${missing}`);
    return { missing };
  }
}

async function lock(path: string): Promise<AsyncDisposable> {
  const file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  return { [Symbol.asyncDispose]: () => Promise.resolve(file.close()) };
}

/** Runs a command to its end. Throws with the end of what it wrote to stderr when it fails or is not there. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], ...options })
    .output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  throw new Error(
    `${command} ${args[0] ?? ""} failed: ${new TextDecoder().decode(stderr).slice(-2000)}${text.slice(-500)}`,
  );
}

/** A test of a service; left out, with the reason in its name, where the service cannot be had. */
export function serviceTest(
  name: string,
  needs: readonly Installed[],
  test: (...directories: string[]) => Promise<void>,
): void {
  const missing = needs.flatMap((installed) => "missing" in installed ? [installed.missing] : []);
  Deno.test({
    name: missing.length === 0 ? name : `${name} (skipped: ${missing.join("; ")})`,
    ignore: missing.length > 0,
    fn: () => test(...needs.flatMap((installed) => "directory" in installed ? [installed.directory] : [])),
  });
}
