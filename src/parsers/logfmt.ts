import type { Fields, LogEvent } from "../event.ts";
import { closingQuote } from "../lib/key_values.ts";
import { isInherited, setField } from "../lib/field_path.ts";
import { LogfmtShapes } from "./logfmt_shapes.ts";
import type { ParserFactory } from "./registry.ts";
import type { Parser } from "./parser.ts";
import { unescape } from "./unescape.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const EQUALS = 0x3d;
/** Keys remembered at most, so that a strange line does not fill memory. */
const MAX_KEYS = 64;

/** Makes the parser of `key=value key="quoted value" flag` lines. Values stay text; a key without one is true. */
export const createLogfmtParser: ParserFactory<"logfmt"> = () => new LogfmtParser();

/** The parser itself, for who must know how much of a line it took. */
export class LogfmtParser implements Parser {
  /** Whether the last line had more than one pair, and not more keys without values than pairs. */
  isCertain = false;
  /** The keys of the last line by place. Lines are alike, and a string used before is a field name at once. */
  readonly #keys: string[] = [];
  readonly #shapes = new LogfmtShapes();

  parse(line: string, event: LogEvent): boolean {
    let fields = this.#shapes.read(line);
    if (fields !== undefined) this.isCertain = true;
    else {
      fields = this.#readPairs(line);
      if (fields === undefined) return false;
    }
    event.fields = fields;
    return true;
  }

  #readPairs(line: string): Fields | undefined {
    const fields: Fields = {};
    const end = line.length;
    let pairs = 0;
    let bare = 0;
    let at = 0;
    // Whether all keys are remembered.
    let isUsual = true;
    while (true) {
      while (at < end && line.charCodeAt(at) <= SPACE) at++;
      if (at === end) break;
      const expected = this.#keys[pairs];
      let key: string;
      let plain = true;
      if (
        expected !== undefined && line.charCodeAt(at + expected.length) === EQUALS &&
        line.startsWith(expected, at)
      ) {
        key = expected;
        at += key.length + 1;
      } else {
        const start = at;
        let code = 0;
        while (at < end && (code = line.charCodeAt(at)) > SPACE && code !== EQUALS && code !== QUOTE) at++;
        key = line.slice(start, at);
        if (at < end && (code === QUOTE || (code === EQUALS && key === ""))) return undefined;
        if (at === end || code !== EQUALS) {
          bare++;
          setField(fields, key, true);
          continue;
        }
        at++;
        plain = !isInherited(key);
        if (plain && pairs < MAX_KEYS) this.#keys[pairs] = key;
        else isUsual = false;
      }
      pairs++;

      let value: string | undefined;
      const start = at;
      if (line.charCodeAt(at) === QUOTE) {
        const close = closingQuote(line, start + 1, QUOTE);
        // A line that was cut ends inside its quotes.
        if (close < 0) at = end;
        else if (close + 1 === end || line.charCodeAt(close + 1) <= SPACE) at = close + 1;
        if (at > start) {
          value = line.slice(start + 1, close < 0 ? end : close);
          if (value.includes("\\")) value = unescape(value);
        }
      }
      if (value === undefined) {
        while (at < end && line.charCodeAt(at) > SPACE) at++;
        value = line.slice(start, at);
      }
      if (plain) fields[key] = value;
      else setField(fields, key, value);
    }
    if (pairs === 0) return undefined;
    this.isCertain = pairs > 1 && bare <= pairs;
    if (isUsual && bare === 0 && this.#shapes.isLearning) this.#shapes.learn(this.#keys.slice(0, pairs));
    return fields;
  }
}
