import { configurationSchema } from "../config/reference.ts";

/** Prints the JSON Schema of the configuration, for editors. Resolves with the exit code. */
export async function printSchema(): Promise<number> {
  console.log((await configurationSchema()).trimEnd());
  return 0;
}
