/**
 * `yaml`, in its build of ES modules. To Deno the package offers the one in CommonJS only, and what the runtime needs for
 * that takes 40 ms and 5 MB at every start. Where the other one is not found, that one serves as well.
 */
async function load(): Promise<typeof import("yaml")> {
  try {
    return await import(import.meta.resolve("yaml").replace(/\/dist\/index\.js$/, "/browser/index.js"));
  } catch {
    return await import("yaml");
  }
}

const library = await load();

export const { isAlias, isMap, isScalar, isSeq, LineCounter, parse, parseDocument, stringify } = library;
