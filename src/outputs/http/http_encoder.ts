import { type EncoderFactory, lineEncoder } from "../../encoding/encoder.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import type { LogEvent } from "../../event.ts";
import { pathOf } from "../../lib/schema_node.ts";
import { compileText, type EventText, headerText } from "./template_text.ts";

/** What the encoder goes by. */
interface HttpEncoderConfig {
  readonly format: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** So many values of headers are remembered. */
const REMEMBERED = 1000;

/**
 * The encoder of `http`: event JSON also where nothing is parsed, since the body of a request has one format. Headers
 * that are templates make the partition.
 */
export const httpEncoder: EncoderFactory = (config, options) => {
  const { format, headers } = config as HttpEncoderConfig;
  const lines = lineEncoder(format === "text" ? "text" : "json", options);
  const texts = templateHeaders(headers).map((name) =>
    compileText(headers[name] ?? "", pathOf("headers", name))
  );
  if (texts.length === 0) return lines;
  const partitions = new HeaderPartitions(texts);
  return {
    kind: lines.kind === "copy" ? "text" : lines.kind,
    encode: (event) => lines.encode(event),
    partitionOf: (event) => partitions.of(event),
  };
};

/** Names of the headers whose values depend on the record, in the order in which their values stand in a partition. */
export function templateHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers).filter((name) => isTemplate(headers[name] ?? ""));
}

/** The values of the headers, as a partition tells them. */
export function partitionHeaders(partition: string): readonly string[] {
  return partition === "" ? [] : JSON.parse(partition);
}

/** Makes the partition of an event: its values for the headers, as a list in JSON. */
class HeaderPartitions {
  readonly #texts: readonly EventText[];
  readonly #known = new Map<string, string>();

  constructor(texts: readonly EventText[]) {
    this.#texts = texts;
  }

  of(event: LogEvent): string {
    let key = "";
    for (let i = 0; i < this.#texts.length; i++) key += `${this.#texts[i]?.(event) ?? ""}\0`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const partition = JSON.stringify(this.#texts.map((text) => headerText(text(event))));
    if (this.#known.size === REMEMBERED) this.#known.clear();
    // A whole message as a header is nobody's intention.
    if (key.length < 4096) this.#known.set(key, partition);
    return partition;
  }
}
