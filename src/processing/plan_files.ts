import { basename, dirname } from "node:path";
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
    directory: (path) =>
      new Map(
        [...files].filter(([file]) => dirname(file) === path).map((
          [file, contents],
        ) => [basename(file), contents]),
      ),
  };
}
