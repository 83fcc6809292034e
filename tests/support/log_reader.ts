/** One entry of the agent's own log. */
export interface LogEntry {
  /** As it stood on stderr. */
  readonly line: string;
  /** Lower case; `warn`, never `warning`. */
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads the agent's log from its stderr, entry by entry, as it comes. */
export class LogReader {
  readonly entries: LogEntry[] = [];
  /** Lines that are no JSON: the runtime's own messages, panics. */
  readonly stray: string[] = [];
  /** Resolves when stderr has ended. */
  readonly finished: Promise<void>;
  #text = "";
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.finished = this.#read(stream);
  }

  /** All that came so far. */
  get text(): string {
    return this.#text;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (
      const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    ) {
      this.#text += text;
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    }
    if (this.#rest !== "") this.#take(this.#rest);
  }

  #take(line: string): void {
    if (!line.startsWith("{")) {
      if (line.trim() !== "") this.stray.push(line);
      return;
    }
    try {
      const json = JSON.parse(line) as Record<string, unknown>;
      const level = String(json["level"] ?? "").toLowerCase();
      this.entries.push({
        line,
        level: level === "warning" ? "warn" : level,
        message: String(json["message"] ?? json["msg"] ?? ""),
        fields: { ...json, ...object(json["properties"]), ...object(json["fields"]) },
      });
    } catch {
      this.stray.push(line);
    }
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
