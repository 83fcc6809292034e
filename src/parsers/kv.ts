import type { Fields, LogEvent } from "../event.ts";
import { type KeyValueOptions, keyValueOptions, splitKeyValues } from "../lib/key_values.ts";
import { setField } from "../lib/field_path.ts";
import { FieldNames } from "./field_names.ts";
import type { ParserFactory } from "./registry.ts";
import type { Parser } from "./parser.ts";

/** Makes the parser of lines that are pairs of keys and values. Values stay text, as with logfmt. */
export const createKvParser: ParserFactory<"kv"> = (config) =>
  new KvParser(keyValueOptions(config), config.prefix);

class KvParser implements Parser {
  readonly #options: KeyValueOptions;
  readonly #put: (key: string, value: string) => void;
  #fields: Fields = {};
  #pairs = 0;

  constructor(options: KeyValueOptions, prefix: string) {
    this.#options = options;
    const names = new FieldNames();
    this.#put = prefix === ""
      ? (key, value) => setField(this.#fields, names.at(this.#pairs++, key), value)
      : (key, value) => setField(this.#fields, names.at(this.#pairs++, prefix + key), value);
  }

  parse(line: string, event: LogEvent): boolean {
    this.#fields = {};
    this.#pairs = 0;
    if (splitKeyValues(line, this.#options, this.#put) === 0) return false;
    event.fields = this.#fields;
    return true;
  }
}
