import type { Definition, Definitions, ObjectShape } from "./schema_definition.ts";
import { hint } from "./schema_message.ts";
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

/** The keys of an object, by their own names or aliases; `unknown` is told of all others. */
export function readKeys(
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

/** The key that `name` means, itself or as an alias. */
export function keyFor(keys: Definitions, name: string): string | undefined {
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
export function positionOf({ at, value }: Entry): Position {
  return value.kind === "scalar" ? value.at : at;
}

function property(value: unknown): PropertyDescriptor {
  return { value, enumerable: true, writable: true, configurable: true };
}
