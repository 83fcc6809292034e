type Json = Readonly<Record<string, unknown>>;

/** Where and why `value` does not fit a JSON Schema, as far as ours use that language; undefined if it fits. */
export function misfit(root: Json, value: unknown, schema: Json = root, path = "$"): string | undefined {
  const fits = (part: unknown): boolean => misfit(root, value, part as Json, path) === undefined;
  if (typeof schema.$ref === "string") return misfit(root, value, resolve(root, schema.$ref), path);
  if ("const" in schema && value !== schema.const) return `${path}: is not ${JSON.stringify(schema.const)}`;
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return `${path}: is none of ${schema.enum}`;
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(value, type))) {
    return `${path}: is no ${schema.type}`;
  }
  if (
    typeof schema.pattern === "string" && typeof value === "string" &&
    !new RegExp(schema.pattern, "u").test(value)
  ) {
    return `${path}: does not match ${schema.pattern}`;
  }
  if (typeof value === "number" && (value < Number(schema.minimum) || value > Number(schema.maximum))) {
    return `${path}: is out of range`;
  }
  for (const part of (schema.allOf ?? []) as Json[]) {
    const wrong = misfit(root, value, part, path);
    if (wrong !== undefined) return wrong;
  }
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some(fits)) return `${path}: fits none of anyOf`;
  if (Array.isArray(schema.oneOf)) {
    const fitting = schema.oneOf.filter(fits).length;
    if (fitting !== 1) return `${path}: fits ${fitting} of oneOf`;
  }
  if (Array.isArray(value)) return list(root, value, schema, path);
  return value !== null && typeof value === "object" ? object(root, value as Json, schema, path) : undefined;
}

function list(root: Json, value: readonly unknown[], schema: Json, path: string): string | undefined {
  if (value.length < Number(schema.minItems ?? 0)) return `${path}: is too short`;
  return value.map((item, index) => misfit(root, item, (schema.items ?? {}) as Json, `${path}[${index}]`))
    .find((wrong) => wrong !== undefined);
}

function object(root: Json, value: Json, schema: Json, path: string): string | undefined {
  const missing = ((schema.required ?? []) as string[]).find((key) => !(key in value));
  if (missing !== undefined) return `${path}.${missing}: is missing`;
  const properties = (schema.properties ?? {}) as Record<string, Json>;
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known === undefined && schema.additionalProperties === false) return `${path}.${key}: is unknown`;
    const wrong = misfit(root, item, known ?? (schema.additionalProperties ?? {}) as Json, `${path}.${key}`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return value !== null && typeof value === "object" && !Array.isArray(value);
  const kind: unknown = typeof value;
  return kind === type;
}

function resolve(root: Json, reference: string): Json {
  const found = reference.slice(2).split("/").reduce<unknown>((part, key) => (part as Json)[key], root);
  if (found === undefined) throw new Error(`Cannot find ${reference} in the JSON Schema`);
  return found as Json;
}
