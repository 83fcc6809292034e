import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { EventCode } from "./event_code.ts";
import { compileEventPaths } from "./event_path.ts";
import { type NameMatcher, patternMatcher } from "./name_matcher.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Removes fields. */
export function createRemove(config: TransformOwn<"remove">, context: ProcessingContext): Transform {
  const { fields, patterns } = config;
  if (fields.length === 0 && patterns.length === 0) {
    throw new KeyError("", "needs the key fields or patterns");
  }
  const code = new EventCode();
  for (const path of compileEventPaths(fields, "fields", context)) code.addRemoval(path);
  if (patterns.length > 0) {
    code.add(`${code.bind(removeMatching)}(event, ${code.bind(patternMatcher(patterns))});`);
  }
  return code.compile();
}

function removeMatching({ fields }: LogEvent, names: NameMatcher): void {
  for (const name in fields) {
    if (fields[name] !== undefined && names.matches(name)) fields[name] = undefined;
  }
}
