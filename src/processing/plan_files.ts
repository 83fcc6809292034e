import { basename, dirname, join } from "node:path";
import type { Resources } from "../component.ts";
import type { PlanFiles } from "./plan.ts";

/** Gives parsers and transforms the files that were read for them. */
export function planFiles(files: PlanFiles): Resources {
  return {
    file(path) {
      const contents = files.get(path);
      if (contents === undefined) throw new Error(`Cannot read "${path}": there is no such file`);
      return contents;
    },
    directory(path) {
      // As the paths of its files have it, however the directory itself is written: `./patterns/` is `patterns`.
      const directory = dirname(join(path, "file"));
      const own = [...files].filter(([file]) => dirname(file) === directory);
      return new Map(own.map(([file, contents]) => [basename(file), contents]));
    },
  };
}
