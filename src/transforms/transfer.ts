import type { ProcessingContext } from "../component.ts";
import { KeyError } from "../lib/key_error.ts";
import { EventCode, type TransferOptions } from "./event_code.ts";
import { compileEventPath } from "./event_path.ts";
import type { Transform } from "./transform.ts";

/** What `rename`, `move` and `copy` are: values go from one place to another, in the order of the configuration. */
export function transfer(
  key: string,
  places: Readonly<Record<string, string>>,
  options: TransferOptions,
  context: ProcessingContext,
): Transform {
  const pairs = Object.entries(places);
  if (pairs.length === 0) throw new KeyError(key, "must name at least one field");
  const code = new EventCode();
  for (const [from, to] of pairs) {
    if (from === to) continue;
    code.addTransfer(
      compileEventPath(from, `${key}.${from}`, context),
      compileEventPath(to, `${key}.${from}`, context),
      options,
    );
  }
  return code.compile();
}
