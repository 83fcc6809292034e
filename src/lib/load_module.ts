import { resolve } from "node:path";
import type { PermissionNeed } from "./permission.ts";
import { missingPermissions, MissingPermissionsError } from "./permissions.ts";
import { reasonOf } from "./reason.ts";

/** Where the program's modules are, with a slash at its end. */
const SOURCES = new URL("../", import.meta.url).href;

/** What {@link loadModule} needs from the operating system. */
export const MODULE_NEEDS: readonly PermissionNeed[] = [
  {
    name: "read",
    path: resolve(import.meta.dirname ?? ".", ".."),
    why: "the program loads its parts, also into workers, when they are needed",
  },
];

/**
 * Imports a part of the program that most configurations do not need: `loadModule<typeof import("./x.ts")>("./x.ts",
 * import.meta.url)`. Before it runs the first line, Deno reads and parses all that a literal `import("./x.ts")` may
 * ever load, and keeps it: time at each start, and memory for good. It does not see what is imported here.
 *
 * In return, the part must be readable when it is needed ({@link MODULE_NEEDS}), and `deno compile` must be told to
 * include it. What runs in workers is imported literally: without permissions they can load nothing else.
 */
export async function loadModule<Module>(specifier: string, importer: string): Promise<Module> {
  const { href } = new URL(specifier, importer);
  try {
    return await import(href);
  } catch (error) {
    const name = href.startsWith(SOURCES) ? href.slice(SOURCES.length) : href;
    const missing = await missingPermissions(MODULE_NEEDS);
    if (missing.length > 0) {
      throw new MissingPermissionsError(`load ${name}`, missing, "add this flag", error);
    }
    throw new Error(
      `Cannot load ${name}, a part of the program: ${reasonOf(error)}. ` +
        "If its files were replaced since it was started, restart it",
      { cause: error },
    );
  }
}
