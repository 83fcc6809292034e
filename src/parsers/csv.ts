import type { Fields, LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { isInherited, setField } from "../lib/field_path.ts";
import type { ParserOwn } from "./parser_config.ts";
import type { ParserFactory } from "./registry.ts";
import type { Parser } from "./parser.ts";

/** What a column is called in the configuration that is left out. */
const SKIP = "_";

/**
 * Makes the parser of lines of values, quoted as in RFC 4180. Columns that a line does not have are absent; values
 * beyond the columns become `column8` and so on, counted from 1, so that nothing is lost. Values stay text.
 */
export const createCsvParser: ParserFactory<"csv"> = (config) => {
  const separator = oneCharacter("separator", config.separator === "\\t" ? "\t" : config.separator);
  // Without quotes: no character is equal to NaN.
  const quote = config.quote === "" ? NaN : oneCharacter("quote", config.quote);
  if (separator === quote) {
    throw new KeyError("quote", `"${config.quote}" is the separator, too; they must differ`);
  }
  const names = config.columns.filter((name) => name !== SKIP);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new KeyError("columns", `"${twice}" is there twice; use _ for columns to leave out`);
  }
  return new CsvParser(config, separator, quote);
};

function oneCharacter(key: string, value: string): number {
  if (value.length !== 1 || value === "\n") throw new KeyError(key, `must be one character, not "${value}"`);
  return value.charCodeAt(0);
}

class CsvParser implements Parser {
  readonly #columns: readonly string[];
  /** Whether all columns can be assigned as they are. */
  readonly #isPlain: boolean;
  readonly #separator: string;
  readonly #separatorCode: number;
  readonly #quote: string;
  readonly #quoteCode: number;
  readonly #trim: boolean;
  /** Where the value that was read last ends. */
  #end = 0;

  constructor(config: ParserOwn<"csv">, separator: number, quote: number) {
    this.#columns = config.columns;
    this.#isPlain = !config.columns.some(isInherited);
    this.#separatorCode = separator;
    this.#separator = String.fromCharCode(separator);
    this.#quoteCode = quote;
    this.#quote = config.quote;
    this.#trim = config.trim;
  }

  parse(line: string, event: LogEvent): boolean {
    if (line === "") return false;
    const fields: Fields = {};
    let at = 0;
    let index = 0;
    while (true) {
      const start = this.#trim ? skipSpaces(line, at, this.#separatorCode) : at;
      let value: string | undefined;
      if (line.charCodeAt(start) === this.#quoteCode) {
        value = this.#quoted(line, start + 1);
        if (value === undefined) return false;
      } else {
        const end = line.indexOf(this.#separator, start);
        this.#end = end < 0 ? line.length : end;
        value = line.slice(start, this.#end);
        if (this.#trim) value = value.trimEnd();
      }
      const column = index < this.#columns.length ? this.#columns[index] ?? SKIP : `column${index + 1}`;
      if (this.#isPlain) {
        if (column !== SKIP) fields[column] = value;
      } else if (column !== SKIP) setField(fields, column, value);
      index++;
      if (this.#end >= line.length) break;
      at = this.#end + 1;
    }
    event.fields = fields;
    return true;
  }

  /** A value that begins behind a quote; undefined if that is never closed. What follows the second quote is added. */
  #quoted(line: string, start: number): string | undefined {
    let value = "";
    let from = start;
    while (true) {
      const close = line.indexOf(this.#quote, from);
      if (close < 0) return undefined;
      if (line.charCodeAt(close + 1) !== this.#quoteCode) {
        value += line.slice(from, close);
        const end = line.indexOf(this.#separator, close + 1);
        this.#end = end < 0 ? line.length : end;
        if (close + 1 === this.#end) return value;
        const rest = line.slice(close + 1, this.#end);
        return value + (this.#trim ? rest.trimEnd() : rest);
      }
      value += line.slice(from, close + 1);
      from = close + 2;
    }
  }
}

function skipSpaces(line: string, from: number, separator: number): number {
  let at = from;
  for (let code = line.charCodeAt(at); (code === 0x20 || code === 0x09) && code !== separator;) {
    code = line.charCodeAt(++at);
  }
  return at;
}
