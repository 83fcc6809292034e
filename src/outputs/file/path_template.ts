import { dirname } from "node:path";
import type { Source } from "../../event.ts";
import { compileStrftime, hasTime, type TimeFormat } from "../../lib/strftime.ts";
import { parseTemplate } from "../../lib/template.ts";
import { safeName, shortenSegments } from "./safe_name.ts";

/** A part of a path: text that depends on the time at most, or a value of the source. */
type Part = { readonly format: TimeFormat; readonly literal: string | undefined } | { readonly name: string };

/** What other templates know, and what would always be unknown here. */
const OF_RECORDS = /^(?:fields\..*|message|level|timestamp|id)$/u;

/** What a value that a source does not have is called in a path. */
const UNKNOWN = "unknown";

/**
 * A path such as `/out/%Y-%m-%d/{{ source }}.log`. Values come from outside (file names, host names), so what is
 * rendered never leaves `root`: separators and leading dots in values become "_", and no literal part behind the
 * root may be "..".
 */
export class PathTemplate {
  /** The literal directory before the first time or value: everything that is rendered lies below it. */
  readonly root: string;
  /** Whether the path depends on the time. */
  readonly timed: boolean;
  readonly #parts: readonly Part[];
  /** Rendered paths of this second. Weak, since sources come and go with the files that are read. */
  #cache = new WeakMap<Source, string>();
  #cachedSecond = NaN;

  /** Throws an Error that says what is wrong with the template. */
  constructor(path: string, timezone: "utc" | "local") {
    const template = (Deno.build.os === "windows" ? path.replaceAll("\\", "/") : path).replaceAll(
      /\/{2,}/gu,
      "/",
    );
    const parts: Part[] = [];
    let prefix = "";
    let literal = true;
    this.timed = hasTime(template.replace(/\{\{.*?\}\}/gu, ""));
    for (const part of parseTemplate(template)) {
      if ("name" in part) {
        if (OF_RECORDS.test(part.name)) {
          throw new Error(
            `"{{ ${part.name} }}" is of single records; a path takes {{ source }}, {{ file }}, {{ input }} and labels`,
          );
        }
        literal = false;
        parts.push(part);
        continue;
      }
      const fixed = hasTime(part.text) ? undefined : part.text.replaceAll("%%", "%");
      parts.push({ format: compileStrftime(part.text, timezone), literal: fixed });
      if (literal) prefix += fixed ?? part.text.slice(0, part.text.search(/%[^%]/u)).replaceAll("%%", "%");
      if (fixed === undefined) literal = false;
    }
    this.#parts = parts;
    this.root = rootOf(prefix, literal);
    checkBehindRoot(template, prefix);
  }

  /** The path for records of a source at a time, in milliseconds since 1970. Cached for the second. */
  render(source: Source, time: number): string {
    const second = this.timed ? Math.floor(time / 1000) : 0;
    if (second !== this.#cachedSecond) {
      this.#cachedSecond = second;
      this.#cache = new WeakMap();
    }
    let path = this.#cache.get(source);
    if (path === undefined) {
      path = this.#render(source, time);
      this.#cache.set(source, path);
    }
    return path;
  }

  /** A test for paths that this template may render at `time`: what fails it belongs to another time. */
  matcher(time: number): (path: string) => boolean {
    let pattern = "";
    for (const part of this.#parts) {
      pattern += "name" in part
        ? "[^/]+"
        : (part.literal ?? part.format(time)).replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&");
    }
    const expression = new RegExp(`^${pattern}$`, "u");
    return (path) => expression.test(path);
  }

  #render(source: Source, time: number): string {
    let path = "";
    for (const part of this.#parts) {
      if ("name" in part) path += safeName(valueOf(source, part.name));
      else path += part.literal ?? part.format(time);
    }
    return shortenSegments(path);
  }
}

function valueOf(source: Source, name: string): string {
  if (name === "source") return source.stream;
  if (name === "input") return source.input;
  // Not a plain lookup: a label may be called "constructor".
  return Object.hasOwn(source.labels, name) ? source.labels[name] ?? UNKNOWN : UNKNOWN;
}

function rootOf(prefix: string, literal: boolean): string {
  if (literal) {
    if (prefix === "" || prefix.endsWith("/")) {
      throw new Error(`"${prefix}" names no file; give a path that ends in a file name`);
    }
    return dirname(prefix);
  }
  const slash = prefix.lastIndexOf("/");
  if (slash === 0) {
    throw new Error(
      'nothing stands between the first "/" and the first %… or {{ … }}; give a directory that all files must stay in',
    );
  }
  return slash === -1 ? "." : prefix.slice(0, slash);
}

function checkBehindRoot(template: string, prefix: string): void {
  if (template.endsWith("/")) throw new Error('it ends in "/"; give a path that ends in a file name');
  for (const segment of template.split("/").slice(prefix.split("/").length - 1)) {
    if (segment === ".." || segment === ".") {
      throw new Error(
        `"${segment}" is not allowed behind the first %… or {{ … }}, since all files stay in one directory`,
      );
    }
  }
}
