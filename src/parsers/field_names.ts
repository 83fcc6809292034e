/** Names remembered at most, so that a strange record does not fill memory. */
const MAX_NAMES = 64;

/**
 * Remembers which name of a field stood at which place of a record. Records are alike, and a text that was a name
 * before costs a third of a new one, which the engine must look up among all names there are.
 */
export class FieldNames {
  readonly #names: string[] = [];

  /** The same name; `place` counts the names of a record. */
  at(place: number, name: string): string {
    const known = this.#names[place];
    if (known === name) return known;
    if (place < MAX_NAMES) this.#names[place] = name;
    return name;
  }
}
