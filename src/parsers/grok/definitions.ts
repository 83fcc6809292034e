import type { Resources } from "../../component.ts";
import { KeyError } from "../../lib/key_error.ts";
import { suggest } from "../../lib/suggest.ts";
import { loadLibraryGroups } from "./library.ts";
import type { PatternGroup } from "./patterns/pattern_group.ts";
import type { FieldNames } from "./reference.ts";

/** A pattern that has a name. */
export interface NamedPattern {
  readonly pattern: string;
  /** The configuration key to blame for what is wrong in it; undefined: it is one of the library. */
  readonly key: string | undefined;
}

/** Names of patterns, in placeholders. */
const NAMES = /%\{\s*([^:{}\s]+)/g;
const DECODER = new TextDecoder();

/** The patterns that a grok pattern may name: the user's own ones first, then those of the library. */
export class Definitions {
  readonly #own = new Map<string, NamedPattern>();
  readonly #library = new Map<string, NamedPattern>();
  readonly #names: FieldNames;
  #groups: AsyncIterator<PatternGroup> | undefined = loadLibraryGroups();

  constructor(names: FieldNames) {
    this.#names = names;
  }

  /** Adds a pattern of the user's. */
  add(name: string, pattern: string, key: string): void {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new KeyError(key, `"${name}" is no name for a pattern; names have letters, digits, _, - and .`);
    }
    this.#own.set(name, { pattern, key });
  }

  /** Adds the patterns of all files of a directory: a name, white space and a pattern a line; # begins a comment. */
  addDirectory(path: string, key: string, resources: Resources): void {
    for (const [file, bytes] of resources.directory(path)) {
      if (file.startsWith(".")) continue;
      for (const [index, line] of DECODER.decode(bytes).split(/\r?\n/).entries()) {
        if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
        const found = /^\s*(\S+)\s+(\S.*)$/.exec(line);
        const [, name, pattern] = found ?? [];
        if (name === undefined || pattern === undefined) {
          throw new KeyError(
            key,
            `line ${index + 1} of "${path}/${file}" is no pattern; write a name, a space and the pattern`,
          );
        }
        this.add(name, pattern, key);
      }
    }
  }

  /** The pattern of that name, among those loaded so far. */
  get(name: string): NamedPattern | undefined {
    return this.#own.get(name) ?? this.#library.get(name);
  }

  /** Loads what a pattern names, and what that names in turn, as far as it exists. */
  async load(pattern: string): Promise<void> {
    const seen = new Set<string>();
    const pending = [pattern];
    for (let text = pending.pop(); text !== undefined; text = pending.pop()) {
      for (const [, name = ""] of text.matchAll(NAMES)) {
        if (seen.has(name)) continue;
        seen.add(name);
        const found = await this.find(name);
        if (found !== undefined) pending.push(found.pattern);
      }
    }
  }

  /** The pattern of that name; loads groups of the library until it is there. */
  async find(name: string): Promise<NamedPattern | undefined> {
    let found = this.get(name);
    while (found === undefined && await this.#loadGroup()) found = this.get(name);
    return found;
  }

  /** What to say of a name that does not exist. */
  async unknown(name: string): Promise<string> {
    while (await this.#loadGroup());
    const near = suggest(name, [...this.#own.keys(), ...this.#library.keys()]);
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    return `"${name}" is no grok pattern${hint}; own ones stand in pattern_definitions or patterns_dir`;
  }

  async #loadGroup(): Promise<boolean> {
    const group = await this.#groups?.next();
    if (group === undefined || group.done) {
      this.#groups = undefined;
      return false;
    }
    for (const [name, written] of Object.entries(group.value)) {
      const pattern = typeof written === "string" ? written : written[this.#names];
      this.#library.set(name, { pattern, key: undefined });
    }
    return true;
  }
}
