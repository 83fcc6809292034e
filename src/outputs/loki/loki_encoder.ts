import { type EncoderFactory, lineEncoder, type LineEncoding } from "../../encoding/encoder.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import { jsonString } from "../../encoding/json_string.ts";
import type { LogEvent } from "../../event.ts";
import { pathOf } from "../../lib/schema_node.ts";
import { compileText, type EventText, labelText } from "../http/template_text.ts";
import { UnixTime } from "../http/unix_time.ts";

/** What the encoder goes by. */
interface LokiEncoderConfig {
  readonly labels: Readonly<Record<string, string>>;
  readonly structured_metadata: Readonly<Record<string, string>>;
  readonly encoding: LineEncoding;
  readonly tenant_id?: string | undefined;
  readonly max_streams: number;
  readonly unique_timestamps: boolean;
}

/** Loki takes 2048 bytes. */
const LONGEST_LABEL = 512;
/** Of one value; Loki takes 64 KiB of them all. */
const LONGEST_METADATA = 4096;

/**
 * The encoder of `loki`: records are entries, `["<nanoseconds>","<line>"]` with an object of metadata where there is
 * any. The partition is the tenant and the labels of the stream, see `streamOf`.
 */
export const lokiEncoder: EncoderFactory = (config, options) => {
  const { encoding, structured_metadata, unique_timestamps, ...rest } = config as LokiEncoderConfig;
  const lines = lineEncoder(encoding, options);
  // All JSON has something to escape; looking for that first would be in vain.
  const quote = lines.kind === "lines" ? JSON.stringify : jsonString;
  const metadata = Object.entries(structured_metadata).map(([name, template]) => ({
    member: `${jsonString(name)}:`,
    text: compileText(template, pathOf("structured_metadata", name)),
  }));
  const streams = new Streams(rest);
  const time = new UnixTime();
  // Records without a place are numbered.
  let count = 0;
  const metadataJson = (event: LogEvent): string => {
    let json = "";
    for (let i = 0; i < metadata.length; i++) {
      const text = metadata[i]?.text(event);
      if (text === undefined || text === "") continue;
      json += (json === "" ? ",{" : ",") + metadata[i]?.member + jsonString(text.slice(0, LONGEST_METADATA));
    }
    return json === "" ? "" : `${json}}`;
  };
  return {
    kind: "text",
    encode(event) {
      time.read(event);
      const line = lines.encode(event);
      const nanoseconds = unique_timestamps
        ? time.nanosecondsWith(event.offset >= 0 ? event.offset : count++)
        : time.nanoseconds;
      const end = line.charCodeAt(line.length - 1) === 10 ? line.length - 1 : line.length;
      return `["${nanoseconds}",${quote(line.slice(0, end))}${
        metadata.length === 0 ? "" : metadataJson(event)
      }]\n`;
    },
    partitionOf: (event) => streams.of(event),
  };
};

/** What a partition says of the requests of its records. */
export interface LokiStream {
  /** Undefined: there are no tenants. */
  readonly tenant: string | undefined;
  /** The labels as JSON. */
  readonly labels: string;
}

/** Reads a partition: the tenant, a line feed, the labels as JSON. */
export function streamOf(partition: string): LokiStream {
  const end = partition.indexOf("\n");
  const tenant = partition.slice(0, Math.max(end, 0));
  return { tenant: tenant === "" ? undefined : tenant, labels: partition.slice(end + 1) };
}

interface Label {
  readonly member: string;
  readonly text: EventText;
  readonly varies: boolean;
}

const HOUR = 3_600_000;
/** How often the clock is looked at, in records. */
const LOOK = 1024;
/** Longer texts are rendered each time rather than remembered. */
const LONGEST_KEY = 4096;

/** Makes partitions, and not too many of them: what a label is made of comes from outside. */
class Streams {
  readonly #labels: readonly Label[];
  readonly #tenant: EventText | undefined;
  readonly #most: number;
  /** Partitions by the texts that they are made of. */
  #known = new Map<string, string>();
  /** Partitions of this hour. */
  #made = new Set<string>();
  #hour = 0;
  #events = 0;

  constructor(
    { labels, tenant_id, max_streams }: Omit<
      LokiEncoderConfig,
      "encoding" | "structured_metadata" | "unique_timestamps"
    >,
  ) {
    this.#labels = Object.entries(labels).map(([name, template]) => ({
      member: `${jsonString(name)}:`,
      text: compileText(template, pathOf("labels", name)),
      varies: isTemplate(template),
    }));
    this.#tenant = tenant_id === undefined ? undefined : compileText(tenant_id, "tenant_id");
    this.#most = max_streams;
  }

  of(event: LogEvent): string {
    if (this.#events++ % LOOK === 0) this.#tick();
    let key = this.#tenant?.(event) ?? "";
    for (let i = 0; i < this.#labels.length; i++) {
      const label = this.#labels[i];
      if (label?.varies === true) key += `\0${label.text(event) ?? ""}`;
    }
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const partition = this.#make(event);
    if (key.length <= LONGEST_KEY && this.#known.size < 2 * this.#most) this.#known.set(key, partition);
    return partition;
  }

  #make(event: LogEvent): string {
    const tenant = this.#tenant === undefined ? "" : tenantText(this.#tenant(event));
    const partition = `${tenant}\n${this.#labelsJson(event, undefined)}`;
    if (this.#made.has(partition)) return partition;
    if (this.#made.size === this.#most) return `${tenant}\n${this.#labelsJson(event, "other")}`;
    this.#made.add(partition);
    return partition;
  }

  /** `instead`: the value of all labels that vary. */
  #labelsJson(event: LogEvent, instead: string | undefined): string {
    const members = this.#labels.flatMap(({ member, text, varies }) => {
      const value = varies && instead !== undefined ? instead : labelText(text(event) ?? "", LONGEST_LABEL);
      return value === "" ? [] : [member + jsonString(value)];
    });
    // Loki takes no stream without a label.
    return members.length === 0 ? '{"job":"logaggregator"}' : `{${members.join(",")}}`;
  }

  #tick(): void {
    const hour = Math.floor(Date.now() / HOUR);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#known = new Map();
    this.#made = new Set();
  }
}

/** What Loki takes for the name of a tenant. */
function tenantText(text: string | undefined): string {
  const tenant = labelText(text ?? "", 150).replace(/[^\w!\-.*'()]/gu, "_");
  return tenant === "" || /^\.+$/u.test(tenant) ? "unknown" : tenant;
}
