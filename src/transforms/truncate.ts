import { Buffer } from "node:buffer";
import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { compileEventPaths, type EventPath } from "./event_path.ts";
import { type NameMatcher, patternMatcher } from "./name_matcher.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Shortens texts. */
export function createTruncate(config: TransformOwn<"truncate">, context: ProcessingContext): Transform {
  const { fields, patterns } = config;
  const texts = fields.length === 0 && patterns.length === 0 ? ["message"] : fields;
  const names = patterns.length === 0 ? undefined : patternMatcher(patterns);
  return new Truncate(
    compileEventPaths(texts, "fields", context),
    names,
    new Shortener(config.max_bytes, config.suffix),
  );
}

class Truncate implements Transform {
  readonly #paths: readonly EventPath[];
  readonly #names: NameMatcher | undefined;
  readonly #shortener: Shortener;

  constructor(paths: readonly EventPath[], names: NameMatcher | undefined, shortener: Shortener) {
    this.#paths = paths;
    this.#names = names;
    this.#shortener = shortener;
  }

  apply(event: LogEvent): LogEvent {
    const paths = this.#paths;
    for (let i = 0; i < paths.length; i++) {
      const text = paths[i]?.get(event);
      if (typeof text !== "string" || this.#shortener.fits(text)) continue;
      paths[i]?.set(event, this.#shortener.shorten(text));
    }
    if (this.#names !== undefined) this.#shortenMatching(event, this.#names);
    return event;
  }

  #shortenMatching({ fields }: LogEvent, names: NameMatcher): void {
    for (const name in fields) {
      const text = fields[name];
      if (typeof text === "string" && !this.#shortener.fits(text) && names.matches(name)) {
        fields[name] = this.#shortener.shorten(text);
      }
    }
  }
}

class Shortener {
  readonly #maxBytes: number;
  readonly #suffix: string;
  readonly #encoder = new TextEncoder();
  #room = new Uint8Array(0);

  constructor(maxBytes: number, suffix: string) {
    this.#maxBytes = maxBytes;
    this.#suffix = suffix;
  }

  /** A unit of UTF-16 takes one to three bytes of UTF-8, so that most texts need not be counted. */
  fits(text: string): boolean {
    const maxBytes = this.#maxBytes;
    if (text.length * 3 <= maxBytes) return true;
    return text.length <= maxBytes && Buffer.byteLength(text, "utf8") <= maxBytes;
  }

  shorten(text: string): string {
    if (this.#room.length === 0) this.#room = new Uint8Array(this.#maxBytes);
    // Only whole characters are written.
    const { read } = this.#encoder.encodeInto(text, this.#room);
    return text.slice(0, read) + this.#suffix;
  }
}
