import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { KeyMistakes } from "../lib/key_error.ts";
import type { Condition } from "../sandbox/condition.ts";
import type { TransformConfig } from "../transforms/transform_config.ts";
import type { Transform } from "../transforms/transform.ts";
import { type TransformFactory, transformTypes } from "../transforms/registry.ts";

/** All transforms of an input: answers -1, or the position of the transform that drops the event. */
export type Chain = (event: LogEvent) => number;

/** Whether a transform remembers records, so that all of an input's must come to one instance. */
export function isStateful({ type }: TransformConfig): boolean {
  return type !== "drop" && type !== "keep" && transformTypes[type].stateful === true;
}

/**
 * Compiles the transforms of an input into one function, in which every call has a place of its own: V8 then sees one
 * target at each. Throws KeyErrors with keys such as `transforms[2].code`.
 */
export async function compileChain(
  configs: readonly TransformConfig[],
  context: ProcessingContext,
): Promise<Chain | undefined> {
  if (configs.length === 0) return undefined;
  const mistakes = new KeyMistakes();
  const steps: (Transform | undefined)[] = [];
  const conditions: (Condition | undefined)[] = [];
  const body: string[] = [];
  for (const [index, config] of configs.entries()) {
    const key = `transforms[${index}]`;
    const { if: condition } = config;
    if (condition !== undefined) {
      const { compileCondition } = await import("../sandbox/condition.ts");
      const compile = () => compileCondition(condition, { key: "if", warn: context.warn });
      conditions[index] = await mistakes.try(key, compile);
    }
    await mistakes.try(key, async () => {
      steps[index] = config.type === "drop" || config.type === "keep"
        ? undefined
        : await createStep(config, context);
    });
    const holds = `condition${index}(event)`;
    if (config.type === "drop") body.push(`if (${holds}) return ${index};`);
    else if (config.type === "keep") body.push(`if (!${holds}) return ${index};`);
    else {
      const drops = `step${index}.apply(event) === undefined`;
      body.push(`if (${config.if === undefined ? "" : `${holds} && `}${drops}) return ${index};`);
    }
  }
  mistakes.throwIfAny();
  const names = configs.map((_, index) =>
    `step${index} = steps[${index}], condition${index} = conditions[${index}]`
  );
  const source = `(() => {
    const ${names.join(", ")};
    return function chain(event) {\n${body.join("\n")}\nreturn -1;\n};
  })()`;
  return generateFunction<Chain>(source, { steps, conditions });
}

async function createStep(
  config: Exclude<TransformConfig, { type: "drop" | "keep" }>,
  context: ProcessingContext,
): Promise<Transform> {
  // The table ties each factory to its own configuration; a union of them cannot be called.
  const create = await transformTypes[config.type].load() as unknown as TransformFactory<"script">;
  return await create(config.config as Parameters<typeof create>[0], context);
}
