/** Different texts that one script or condition may tell; the errors of the language sometimes quote the record. */
const MAX_TEXTS = 20;

/** Tells the user what went wrong in code of theirs, in a limited number of texts. */
export class Troubles {
  readonly #warn: (message: string) => void;
  readonly #what: string;
  readonly #consequence: string;
  readonly #firstLine: number;
  readonly #told = new Set<string>();

  /** `what`: such as `condition "if"`. `firstLine`: line of the compiled text in which the code begins. */
  constructor(options: {
    readonly what: string;
    readonly consequence: string;
    readonly firstLine: number;
    readonly warn: (message: string) => void;
  }) {
    this.#what = options.what;
    this.#consequence = options.consequence;
    this.#firstLine = options.firstLine;
    this.#warn = options.warn;
  }

  /** Text about something that was thrown. May run code of the script's (`toString`), so call it as you call that. */
  describe(error: unknown): string {
    try {
      if (!(error instanceof Error)) return `threw ${String(error)}`.slice(0, 200);
      const line = /<anonymous>:(\d+):\d+/.exec(String(error.stack))?.[1];
      const place = line === undefined ? "" : ` in line ${Number(line) - this.#firstLine + 1}`;
      return `${String(error.message).slice(0, 200)}${place}`;
    } catch {
      return "threw something that has no text";
    }
  }

  tell(text: string): void {
    const isKnown = this.#told.has(text);
    if (!isKnown && this.#told.size < MAX_TEXTS) this.#told.add(text);
    const shown = isKnown || this.#told.has(text) ? text : "there are further kinds of errors";
    this.#warn(`Cannot run the ${this.#what}: ${shown}; ${this.#consequence}`);
  }
}
