import type { ProcessingContext } from "../component.ts";
import { KeyError } from "../lib/key_error.ts";
import { EventCode } from "./event_code.ts";
import { compileEventPath } from "./event_path.ts";
import { compileEventValue, isTemplate } from "../encoding/event_template.ts";
import { asFieldValue } from "../encoding/field_value.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Sets fields to constants, or to what templates make of the event. */
export function createAdd(config: TransformOwn<"add">, context: ProcessingContext): Transform {
  const code = new EventCode();
  for (const [text, written] of Object.entries(config.add)) {
    const key = `add.${text}`;
    const path = compileEventPath(text, key, context);
    const value = asFieldValue(written);
    const free = config.overwrite ? "" : `if (${code.get(path)} === undefined) `;
    if ((typeof value === "string" && isTemplate(value)) || (typeof value === "object" && value !== null)) {
      const make = code.bind(compileEventValue(value, key));
      code.add(
        `${free}{ const value = ${make}(event); if (value !== undefined) { ${code.set(path, "value")} } }`,
      );
    } else {
      code.add(`${free}{ ${code.set(path, literalOf(value) ?? code.bind(value))} }`);
    }
  }
  if (Object.keys(config.add).length === 0) throw new KeyError("add", "must name at least one field");
  return code.compile();
}

/** Constants stand in the code as they are. */
function literalOf(value: unknown): string | undefined {
  return typeof value === "bigint" || Object.is(value, -0) ? undefined : JSON.stringify(value);
}
