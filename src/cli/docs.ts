import { configurationReference, configurationSchema } from "../config/reference.ts";

/** Files that are generated from the schemas, and what they must hold. */
export function generatedDocs(): Readonly<Record<string, string>> {
  return {
    "docs/configuration.md": configurationReference(),
    "docs/config.schema.json": configurationSchema(),
  };
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(generatedDocs())) {
    await Deno.writeTextFile(new URL(`../../${file}`, import.meta.url), text);
    console.log(`wrote ${file}`);
  }
}
