import { configurationReference, configurationSchema } from "../config/reference.ts";

/** Files that are generated from the schemas, and what they must hold. */
export async function generatedDocs(): Promise<Readonly<Record<string, string>>> {
  return {
    "docs/configuration.md": await configurationReference(),
    "docs/config.schema.json": await configurationSchema(),
  };
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(await generatedDocs())) {
    await Deno.writeTextFile(new URL(`../../${file}`, import.meta.url), text);
    console.log(`wrote ${file}`);
  }
}
