import { isTemplate } from "../../encoding/event_template.ts";
import type { KafkaConfig } from "./kafka_config.ts";

/**
 * Which parts of a message come from its record and stand in the record's key (`EncodedBatch.keys`), in this order,
 * each behind a line feed but for the first. The message's own key comes last, since it may hold anything. What event
 * JSON begins with is read from there: then most messages need no such key, and the fast ways to event JSON stay open.
 */
export interface MessageLayout {
  readonly topic: boolean;
  readonly partition: boolean;
  readonly timestamp: boolean;
  /** Names of headers. */
  readonly headers: readonly string[];
  readonly key: boolean;
}

/** Between the parts of a record's key. */
export const SEPARATOR = "\n";
/** In the place of a header's value that the record does not have. */
export const ABSENT = "\0";

/** The values of a header that the output fills in. */
export type HeaderSource = "id" | "source" | "record" | { readonly text: string };

/** Where the value of each header comes from. */
export function headerSources({ headers, encoding }: KafkaConfig): (readonly [string, HeaderSource])[] {
  return Object.entries(headers).map(([name, value]): readonly [string, HeaderSource] => {
    if (/^\{\{\s*id\s*\}\}$/u.test(value)) return [name, "id"];
    if (/^\{\{\s*source\s*\}\}$/u.test(value) && encoding === "json") return [name, "source"];
    return [name, isTemplate(value) ? "record" : { text: value }];
  });
}

/** The layout that a configuration leads to. */
export function layoutOf(config: KafkaConfig): MessageLayout {
  const { topic, topic_field, partition, partition_key, encoding } = config;
  return {
    topic: topic_field !== undefined || isTemplate(topic),
    partition: partition !== undefined && fixedPartition(partition) === undefined,
    timestamp: encoding === "text",
    headers: headerSources(config).filter(([, source]) => source === "record").map(([name]) => name),
    key: partition_key !== undefined,
  };
}

/** Whether records have keys of this layout at all. */
export function isNeeded({ topic, partition, timestamp, headers, key }: MessageLayout): boolean {
  return topic || partition || timestamp || key || headers.length > 0;
}

/** The number that the key `partition` is; undefined: it names a field, or is a template. */
export function fixedPartition(partition: string): number | undefined {
  return /^\d{1,9}$/u.test(partition) ? Number(partition) : undefined;
}
