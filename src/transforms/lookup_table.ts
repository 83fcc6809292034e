import type { FieldValue } from "../event.ts";
import { getField } from "../lib/field_path.ts";
import { KeyError } from "../lib/key_error.ts";
import { parseCsv } from "./csv_table.ts";
import { asFieldValue, isFields, textOf } from "../encoding/field_value.ts";
import type { TransformOwn } from "./transform_config.ts";

/** What is known by key. The values of a row stand in the order of the columns. */
export interface LookupTable {
  readonly columns: readonly string[];
  readonly rows: ReadonlyMap<string, readonly (FieldValue | undefined)[]>;
}

/** The column of a JSON table that has no columns: its values are no objects. */
const ONLY_COLUMN = "value";

interface Row {
  readonly key: string;
  value(column: string): FieldValue | undefined;
}

interface Contents {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Reads a table. Throws KeyError for what is no table, and for columns that it does not have. */
export function readTable(config: TransformOwn<"lookup">, bytes: Uint8Array): LookupTable {
  const text = new TextDecoder().decode(bytes);
  const format = config.format ?? (/\.json$/i.test(config.file) ? "json" : "csv");
  const { columns, rows } = format === "json" ? readJson(config, text) : readCsv(config, text);
  const missing = config.columns.find((column) => !columns.includes(column));
  if (missing !== undefined) {
    throw new KeyError(
      "columns",
      `"${missing}" is no column of "${config.file}", which has ${listed(columns)}`,
    );
  }
  const taken = config.columns.length > 0 ? config.columns : columns;
  const byKey = new Map<string, (FieldValue | undefined)[]>();
  for (const row of rows) {
    const key = config.ignore_case ? row.key.toLowerCase() : row.key;
    byKey.set(key, taken.map((column) => row.value(column)));
  }
  return { columns: taken, rows: byKey };
}

function readCsv({ file, key }: TransformOwn<"lookup">, text: string): Contents {
  const [header, ...rows] = parseCsv(text, separatorOf(text));
  if (header === undefined) {
    throw new KeyError("file", `"${file}" is empty; its first line must name the columns`);
  }
  const keyColumn = key ?? header[0] ?? "";
  const keyIndex = header.indexOf(keyColumn);
  if (keyIndex === -1) {
    throw new KeyError("key", `"${keyColumn}" is no column of "${file}", which has ${listed(header)}`);
  }
  const indexes = new Map(header.map((column, index) => [column, index]));
  return {
    columns: header.filter((column) => column !== keyColumn),
    rows: rows.map((row) => ({
      key: row[keyIndex] ?? "",
      value: (column) => row[indexes.get(column) ?? -1],
    })),
  };
}

/** Comma, semicolon or tab, whichever the header has first. */
function separatorOf(text: string): string {
  return /^[^,;\t\r\n]*([,;\t])/.exec(text)?.[1] ?? ",";
}

function readJson({ file, key }: TransformOwn<"lookup">, text: string): Contents {
  let table: FieldValue;
  try {
    table = asFieldValue(JSON.parse(text, exactly));
  } catch (error) {
    throw new KeyError(
      "file",
      `"${file}" is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  if (Array.isArray(table)) return fromList(file, key, table);
  if (isFields(table)) return fromObject(table);
  throw new KeyError("file", `"${file}" must hold an object by key or a list of objects`);
}

function fromList(file: string, key: string | undefined, list: readonly FieldValue[]): Contents {
  const objects = list.filter(isFields);
  if (objects.length < list.length || objects.length === 0) {
    throw new KeyError("file", `"${file}" must hold an object by key or a list of objects`);
  }
  const columns = new Set(objects.flatMap((object) => Object.keys(object)));
  const keyColumn = key ?? Object.keys(objects[0] ?? {})[0] ?? "";
  if (!columns.delete(keyColumn)) {
    throw new KeyError("key", `"${keyColumn}" is no column of "${file}", which has ${listed([...columns])}`);
  }
  const rows = objects.flatMap((object) => {
    const value = getField(object, keyColumn);
    return value === undefined || value === null
      ? []
      : [{ key: textOf(value), value: (column: string) => getField(object, column) }];
  });
  return { columns: [...columns], rows };
}

function fromObject(table: { [key: string]: FieldValue | undefined }): Contents {
  const entries = Object.entries(table);
  const objects = entries.flatMap(([, value]) => isFields(value) ? [value] : []);
  const columns = new Set(objects.flatMap((object) => Object.keys(object)));
  if (objects.length < entries.length) columns.add(ONLY_COLUMN);
  const rows = entries.map(([key, value]) => ({
    key,
    value: (column: string) =>
      isFields(value) ? getField(value, column) : column === ONLY_COLUMN ? value : undefined,
  }));
  return { columns: [...columns], rows };
}

/** Integers that a double cannot hold keep their digits. */
function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function listed(columns: readonly string[]): string {
  return columns.slice(0, 20).map((column) => `"${column}"`).join(", ") + (columns.length > 20 ? ", …" : "");
}
