import { configurationSchema } from "../config/reference.ts";

/** Prints the JSON Schema of the configuration, for editors. Resolves with the exit code. */
export function printSchema(): Promise<number> {
  console.log(configurationSchema().trimEnd());
  return Promise.resolve(0);
}
