import { VERSION } from "../lib/version.ts";

/** Prints the program's version and what it runs on. */
export function printVersion(): Promise<number> {
  console.log(`logaggregator ${VERSION} (deno ${Deno.version.deno}, ${Deno.build.target})`);
  return Promise.resolve(0);
}
