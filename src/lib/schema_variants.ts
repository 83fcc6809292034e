import { type Definition, type Definitions, keysOf, type VariantsShape } from "./schema_definition.ts";
import { hint, quote } from "./schema_message.ts";
import { type Entry, isEmpty, type MapNode, pathOf, type Position } from "./schema_node.ts";
import { keyFor, positionOf, readKeys } from "./schema_object.ts";
import type { Found, Visit } from "./schema_validate.ts";
import { suggest } from "./suggest.ts";

/** An object whose `type` chooses among sets of keys, beside `type` or in a block of that name. */
export function readVariants(
  visit: Visit,
  shape: VariantsShape,
  node: MapNode,
  path: string,
  at: Position,
): Found | undefined {
  const typeKeys: Definitions = { type: typeDefinition(shape), ...shape.common };
  const isCommon = (key: string): boolean =>
    Object.hasOwn(typeKeys, key) || Object.values(shape.common).some(({ aliases }) => aliases.includes(key));
  const common = readKeys(
    visit,
    typeKeys,
    node.entries.filter(({ key }) => isCommon(key)),
    path,
    at,
    () => {},
  );
  const written = node.entries.find(({ key }) => key === "type");
  // YAML reads null as no value; the default would be a surprise.
  if (written !== undefined && isEmpty(written.value) && Object.hasOwn(shape.types, "null")) {
    visit.mistake(
      written.at,
      pathOf(path, "type"),
      'is empty; write "null" in quotes for the type of that name, or leave the key out',
    );
  }
  const own = common.value as Record<string, unknown>;
  const type = typeof own.type === "string" ? own.type : undefined;
  const definition = type === undefined ? undefined : ownOf(shape.types, type);
  if (type === undefined || definition === undefined) {
    readBlocks(visit, shape, node.entries, path, undefined);
    return undefined;
  }
  readBlocks(visit, shape, node.entries, path, type);
  const block = shape.flat ? undefined : node.entries.find(({ key }) => key === type);
  const inBlock = block?.value.kind === "map" ? block.value.entries : [];
  if (block !== undefined && block.value.kind !== "map" && !isEmpty(block.value)) {
    return visit.read(definition, block.value, pathOf(path, type), positionOf(block));
  }
  const beside = node.entries.filter(({ key }) =>
    !isCommon(key) && (shape.flat || !Object.hasOwn(shape.types, key))
  )
    .map((entry) => ({ ...entry, path: pathOf(path, entry.key) }));
  const flat = beside.filter((entry) => !isIgnored(visit, shape, entry, path, type));
  const blockPath = pathOf(path, type);
  // Only an entry made of flat keys alone is spoken of without its block.
  const merged: MapNode = {
    kind: "map",
    at: node.at,
    entries: [...flat, ...inBlock.map((entry) => ({ ...entry, path: pathOf(blockPath, entry.key) }))],
  };
  const found = visit.read(
    definition,
    merged,
    block === undefined ? path : blockPath,
    block === undefined ? at : positionOf(block),
  );
  if (found === undefined) return undefined;
  return {
    value: { ...own, config: found.value },
    shown: shape.flat
      ? { ...(common.shown as Record<string, unknown>), ...(found.shown as Record<string, unknown>) }
      : { ...(common.shown as Record<string, unknown>), [type]: found.shown },
  };
}

/** Blocks of the types that were not chosen: their mistakes count, their values do not. */
function readBlocks(
  visit: Visit,
  shape: VariantsShape,
  entries: readonly Entry[],
  path: string,
  chosen: string | undefined,
): void {
  if (shape.flat) return;
  for (const entry of entries) {
    const definition = ownOf(shape.types, entry.key);
    if (definition === undefined || entry.key === chosen || isEmpty(entry.value)) continue;
    const entryPath = pathOf(path, entry.key);
    visit.read(definition, entry.value, entryPath, positionOf(entry));
    if (chosen !== undefined) {
      visit.notice(entry.at, entryPath, `has no effect, because ${pathOf(path, "type")} is "${chosen}"`);
    }
  }
}

/** Notes a key that only another type has, as it is left behind when the type is switched. */
function isIgnored(
  visit: Visit,
  shape: VariantsShape,
  entry: Entry & { readonly path: string },
  path: string,
  chosen: string,
): boolean {
  const hasKey = ([, type]: [string, Definition]): boolean => keyFor(keysOf(type), entry.key) !== undefined;
  const others = Object.entries(shape.types).filter(hasKey).map(([name]) => name);
  if (others.length === 0 || others.includes(chosen)) return false;
  const chosenType = ownOf(shape.types, chosen);
  const close = chosenType === undefined ? undefined : suggest(entry.key, Object.keys(keysOf(chosenType)));
  const meant = close === undefined ? "" : `; did you mean "${close}"?`;
  visit.notice(entry.at, entry.path, `has no effect, because ${pathOf(path, "type")} is "${chosen}"${meant}`);
  return true;
}

function ownOf(types: Definitions, name: string): Definition | undefined {
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

function typeDefinition(shape: VariantsShape): Definition {
  const values = Object.keys(shape.types);
  const fallback = shape.fallback === undefined ? {} : { default: { written: shape.fallback } };
  const isKnown = (value: unknown): string | undefined =>
    values.includes(String(value))
      ? undefined
      : `${quote(String(value))} is no ${shape.noun}${hint(String(value), values, "Known")}`;
  return {
    shape: { kind: "string" },
    required: shape.fallback === undefined,
    secret: false,
    literal: false,
    aliases: [],
    checks: [isKnown],
    ...fallback,
  };
}
