import {
  type Definition,
  type Definitions,
  type ObjectShape,
  type VariantsShape,
} from "./schema_definition.ts";
import { hint, quote } from "./schema_message.ts";
import { type Entry, isEmpty, type MapNode, pathOf, type Position } from "./schema_node.ts";
import type { Found, Visit } from "./schema_validate.ts";

/** An object: each known key by its own schema, every other key a mistake. */
export function readObject(
  visit: Visit,
  shape: ObjectShape,
  node: MapNode,
  path: string,
  at: Position,
): Found {
  const entries = relocate(visit, node.entries, shape.moved, path);
  const names = [...Object.keys(shape.keys), ...Object.keys(shape.moved)];
  return readKeys(visit, shape.keys, entries, path, at, (entry, entryPath) => {
    visit.mistake(entry.at, entryPath, `is no known key${hint(entry.key, names, "Allowed")}`);
  });
}

/** An object with any keys, and values of one schema. */
export function readRecord(visit: Visit, definition: Definition, node: MapNode, path: string): Found {
  const value: Record<string, unknown> = {};
  const shown: Record<string, unknown> = {};
  for (const entry of node.entries) {
    const found = visit.read(definition, entry.value, pathOf(path, entry.key), positionOf(entry));
    // `__proto__` is a key like any other.
    Object.defineProperty(value, entry.key, property(found?.value));
    Object.defineProperty(shown, entry.key, property(found?.shown));
  }
  return { value, shown };
}

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
    key in typeKeys || Object.values(shape.common).some(({ aliases }) => aliases.includes(key));
  const common = readKeys(
    visit,
    typeKeys,
    node.entries.filter(({ key }) => isCommon(key)),
    path,
    at,
    () => {},
  );
  const own = common.value as Record<string, unknown>;
  const type = typeof own.type === "string" ? own.type : undefined;
  const definition = type === undefined ? undefined : shape.types[type];
  if (type === undefined || definition === undefined) {
    readBlocks(visit, shape, node.entries, path, undefined);
    return undefined;
  }
  readBlocks(visit, shape, node.entries, path, type);
  const block = node.entries.find(({ key }) => key === type);
  const inBlock = block?.value.kind === "map" ? block.value.entries : [];
  if (block !== undefined && block.value.kind !== "map" && !isEmpty(block.value)) {
    return visit.read(definition, block.value, pathOf(path, type), positionOf(block));
  }
  const flat = node.entries.filter(({ key }) => !isCommon(key) && !(key in shape.types))
    .map((entry) => ({ ...entry, path: pathOf(path, entry.key) }));
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
    shown: { ...(common.shown as Record<string, unknown>), [type]: found.shown },
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
  for (const entry of entries) {
    const definition = shape.types[entry.key];
    if (definition === undefined || entry.key === chosen || isEmpty(entry.value)) continue;
    const entryPath = pathOf(path, entry.key);
    visit.read(definition, entry.value, entryPath, positionOf(entry));
    if (chosen !== undefined) {
      visit.notice(entry.at, entryPath, `has no effect, because ${path}.type is "${chosen}"`);
    }
  }
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

function readKeys(
  visit: Visit,
  keys: Definitions,
  entries: readonly Entry[],
  path: string,
  at: Position,
  unknown: (entry: Entry, path: string) => void,
): Found {
  const written = new Map<string, Entry>();
  for (const entry of entries) {
    const key = keyFor(keys, entry.key);
    const entryPath = entry.path ?? pathOf(path, entry.key);
    const earlier = key === undefined ? undefined : written.get(key);
    if (key === undefined) unknown(entry, entryPath);
    else if (earlier === undefined) written.set(key, entry);
    else {
      const earlierPath = earlier.path ?? pathOf(path, earlier.key);
      visit.mistake(
        entry.at,
        entryPath,
        `says the same as ${earlierPath} in line ${earlier.at.line}; keep one of them`,
      );
    }
  }
  const value: Record<string, unknown> = {};
  const shown: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries(keys)) {
    const entry = written.get(key);
    const keyPath = entry?.path ?? pathOf(path, key);
    const found = entry === undefined || isEmpty(entry.value)
      ? visit.absent(definition, keyPath, entry?.at ?? at)
      : visit.read(definition, entry.value, keyPath, positionOf(entry));
    if (found?.value !== undefined) value[key] = found.value;
    if (found?.shown !== undefined) shown[key] = found.shown;
  }
  return { value, shown };
}

function keyFor(keys: Definitions, name: string): string | undefined {
  if (Object.hasOwn(keys, name)) return name;
  return Object.entries(keys).find(([, { aliases }]) => aliases.includes(name))?.[0];
}

/** Puts moved keys where they belong, each with the path under which it was written. */
function relocate(
  visit: Visit,
  entries: readonly Entry[],
  moved: Readonly<Record<string, string>>,
  path: string,
): readonly Entry[] {
  let placed: readonly Entry[] = entries.filter(({ key }) => !Object.hasOwn(moved, key));
  for (const entry of entries) {
    const target = Object.hasOwn(moved, entry.key) ? moved[entry.key] : undefined;
    if (target !== undefined && !isEmpty(entry.value)) {
      placed = place(visit, placed, target.split("."), {
        ...entry,
        path: entry.path ?? pathOf(path, entry.key),
      });
    }
  }
  return placed;
}

function place(
  visit: Visit,
  entries: readonly Entry[],
  keys: readonly string[],
  entry: Entry,
): readonly Entry[] {
  const [key = "", ...rest] = keys;
  const index = entries.findIndex((other) => other.key === key);
  const existing = entries[index];
  if (rest.length === 0) {
    if (existing === undefined || isEmpty(existing.value)) {
      return [...entries.filter((other) => other !== existing), { ...entry, key }];
    }
    // A block of the same meaning is merged key by key; a value is a double.
    if (existing.value.kind !== "map" || entry.value.kind !== "map") return [...entries, { ...entry, key }];
    const { path = "" } = entry;
    const inner = entry.value.entries.map((child) => ({
      ...child,
      path: child.path ?? pathOf(path, child.key),
    }));
    return entries.with(index, {
      ...existing,
      value: { ...existing.value, entries: [...existing.value.entries, ...inner] },
    });
  }
  const block: Entry = existing !== undefined && existing.value.kind === "map"
    ? existing
    : { key, at: entry.at, value: { kind: "map", entries: [], at: entry.at } };
  // A block of the wrong kind is reported where it stands.
  if (existing !== undefined && existing.value.kind !== "map" && !isEmpty(existing.value)) return entries;
  const children = block.value.kind === "map" ? block.value.entries : [];
  const grown: Entry = {
    ...block,
    value: { kind: "map", at: block.value.at, entries: place(visit, children, rest, entry) },
  };
  return existing === undefined ? [...entries, grown] : entries.with(index, grown);
}

/** A scalar is shown where its value is, a block where its key is. */
function positionOf({ at, value }: Entry): Position {
  return value.kind === "scalar" ? value.at : at;
}

function property(value: unknown): PropertyDescriptor {
  return { value, enumerable: true, writable: true, configurable: true };
}
