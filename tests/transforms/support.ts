import type { ProcessingContext } from "../../src/component.ts";
import { type Fields, type LogEvent, newEvent } from "../../src/event.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { parse } from "../../src/lib/schema.ts";
import { type TransformFactory, transformTypes } from "../../src/transforms/registry.ts";
import { transformConfig, type TransformTypeName } from "../../src/transforms/transform_config.ts";
import type { Transform } from "../../src/transforms/transform.ts";

/** A context whose time the test sets and whose files it gives. */
export class TestContext implements ProcessingContext {
  time = Date.UTC(2024, 4, 1, 12);
  readonly warnings: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly resources = {
    file: (path: string): Uint8Array => {
      const bytes = this.files.get(path);
      if (bytes === undefined) throw new Error(`"${path}" does not exist`);
      return bytes;
    },
    directory: (): ReadonlyMap<string, Uint8Array> => new Map(),
  };

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [path, contents] of Object.entries(files)) {
      this.files.set(path, typeof contents === "string" ? new TextEncoder().encode(contents) : contents);
    }
  }

  now(): number {
    return this.time;
  }

  warn(message: string): void {
    this.warnings.push(message);
  }
}

/** A transform as the configuration makes it, with all defaults. */
export async function createTransform(
  type: Exclude<TransformTypeName, "drop" | "keep">,
  block: Readonly<Record<string, unknown>>,
  context: ProcessingContext = new TestContext(),
): Promise<Transform> {
  const { config } = parse(transformConfig, { type, ...block });
  const create = await transformTypes[type].load() as unknown as TransformFactory<"script">;
  return await create(config as Parameters<typeof create>[0], context);
}

/** The KeyError of a configuration, as `key: message`. */
export async function mistakeOf(
  type: Exclude<TransformTypeName, "drop" | "keep">,
  block: Readonly<Record<string, unknown>>,
  context?: ProcessingContext,
): Promise<string> {
  try {
    await createTransform(type, block, context);
  } catch (error) {
    if (error instanceof KeyError) return `${error.key}: ${error.message}`;
    throw error;
  }
  throw new Error("the configuration is right");
}

/** An event with these fields and properties. */
export function eventWith(fields: Fields, properties: Partial<LogEvent> = {}): LogEvent {
  const source = { input: "files", stream: "/var/log/app.log", labels: { file: "app.log" } };
  return { ...newEvent(source), timestamp: Date.UTC(2024, 4, 1, 12), fields, ...properties };
}

/** The fields as an encoder sees them: without those that are undefined, and with plain prototypes. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}

/** What a transform makes of the fields; undefined: dropped. */
export function transformed(transform: Transform, fields: Fields, properties?: Partial<LogEvent>): unknown {
  const event = transform.apply(eventWith(fields, properties));
  return event === undefined ? undefined : plain(event.fields);
}

/** Fields from JSON, so that `__proto__` and the like are the record's own. */
export function fieldsFrom(json: string): Fields {
  return JSON.parse(json);
}
