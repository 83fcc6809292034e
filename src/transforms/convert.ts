import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";
import { compileTimeFormat } from "../lib/time_format/compile_time_format.ts";
import { type Conversion, conversions } from "./conversions.ts";
import { compileEventPath, compileEventPaths, type EventPath } from "./event_path.ts";
import { type NameMatcher, patternMatcher } from "./name_matcher.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

type Config = TransformOwn<"convert">;

/** Gives fields another type. */
export function createConvert(config: Config, context: ProcessingContext): Transform {
  const { convert, fields, patterns, on_error } = config;
  const typed = Object.entries(convert).map(([text, type]) => ({
    path: compileEventPath(text, `convert.${text}`, context),
    convert: type === "timestamp" ? timestampConversion(config, context) : conversions[type],
  }));
  const guessed = compileEventPaths(fields, "fields", context).map((path) => ({
    path,
    convert: conversions.auto,
  }));
  if (typed.length + guessed.length + patterns.length === 0) {
    throw new KeyError("", "needs one of the keys convert, fields or patterns");
  }
  const names = patterns.length === 0 ? undefined : patternMatcher(patterns);
  return new Convert([...typed, ...guessed], names, on_error === "remove");
}

/** Times become RFC 3339. Throws KeyError for a format or a time zone that there is not. */
function timestampConversion({ time_format, timezone }: Config, context: ProcessingContext): Conversion {
  const parser = timeParser(time_format, timezone, context);
  return (value) => {
    const written = typeof value === "bigint" ? String(value) : value;
    if (typeof written !== "string" && typeof written !== "number") return undefined;
    const time = parser.parse(written);
    return Number.isNaN(time) ? undefined : formatRfc3339(time);
  };
}

function timeParser(format: string | undefined, timezone: string, context: ProcessingContext) {
  try {
    return compileTimeFormat(format, { timezone, now: () => context.now() });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new KeyError(/time ?zone/i.test(message) ? "timezone" : "time_format", message, { cause: error });
  }
}

class Convert implements Transform {
  readonly #steps: readonly { readonly path: EventPath; readonly convert: Conversion }[];
  readonly #names: NameMatcher | undefined;
  readonly #removes: boolean;

  constructor(
    steps: readonly { readonly path: EventPath; readonly convert: Conversion }[],
    names: NameMatcher | undefined,
    removes: boolean,
  ) {
    this.#steps = steps;
    this.#names = names;
    this.#removes = removes;
  }

  apply(event: LogEvent): LogEvent {
    const steps = this.#steps;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i];
      const value = step?.path.get(event);
      if (step === undefined || value === undefined || value === null) continue;
      const converted = step.convert(value);
      if (converted === undefined) {
        if (this.#removes) step.path.remove(event);
      } else if (converted !== value) step.path.set(event, converted);
    }
    if (this.#names !== undefined) this.#convertMatching(event, this.#names);
    return event;
  }

  #convertMatching({ fields }: LogEvent, names: NameMatcher): void {
    for (const name in fields) {
      const value = fields[name];
      if (typeof value !== "string" || !names.matches(name)) continue;
      fields[name] = conversions.auto(value) ?? (this.#removes ? undefined : value);
    }
  }
}
