import type { Encoder, EncoderFactory, EncoderOptions } from "../../encoding/encoder.ts";
import { lineEncoder } from "../../encoding/encoder.ts";
import { compileEventKey, compileEventTemplate, isTemplate } from "../../encoding/event_template.ts";
import { textOf } from "../../encoding/field_value.ts";
import type { LogEvent } from "../../event.ts";
import { KeyError } from "../../lib/key_error.ts";
import { pathOf } from "../../lib/schema_node.ts";
import type { KafkaConfig } from "./kafka_config.ts";
import { ABSENT, fixedPartition, headerSources, isNeeded, layoutOf, SEPARATOR } from "./message_layout.ts";
import { checkTopicTemplate, confinedTopic, isTopicName } from "./topic_name.ts";

type TextOf = (event: LogEvent) => string;

/** Longer texts of headers are cut. */
const LONGEST_HEADER = 1000;

/** The encoder of the Kafka output: a line as the message's value, and in the record's key what else it has. */
export const kafkaEncoder: EncoderFactory = (block: unknown, options: EncoderOptions): Encoder => {
  const config = block as KafkaConfig;
  const value = lineEncoder(config.encoding, options);
  const layout = layoutOf(config);
  // Checked also where no record chooses anything.
  const parts: (TextOf | undefined)[] = [
    topicOf(config),
    layout.partition ? partitionOf(config.partition ?? "") : undefined,
    layout.timestamp ? timestampOf : undefined,
    ...headersOf(config),
    config.partition_key === undefined ? undefined : keyOf(config.partition_key),
  ];
  if (!isNeeded(layout)) return value;
  const texts = parts.filter((part) => part !== undefined);
  const [first, second, ...others] = texts;
  if (first === undefined) return value;
  // Text of any kind: records that are copied as they came, and event JSON made by moving bytes, have no keys.
  const { encode } = value;
  const kind = "text";
  if (second === undefined) return { kind, encode, keyOf: first };
  return {
    kind,
    encode,
    keyOf(event) {
      let text = first(event) + SEPARATOR + second(event);
      for (let i = 0; i < others.length; i++) text += SEPARATOR + (others[i]?.(event) ?? "");
      return text;
    },
  };
};

/** The topic of a record; undefined: it is the same for all. */
function topicOf({ topic, topic_field: field }: KafkaConfig): TextOf | undefined {
  const usual = usualTopic(topic);
  if (field === undefined) return typeof usual === "string" ? undefined : usual;
  if (isTemplate(field)) {
    throw new KeyError("topic_field", "must be the name of a field; templates stand in topic");
  }
  const named = compileEventKey(field, "topic_field");
  return (event) => {
    const name = named(event);
    const topic = name === undefined ? undefined : confinedTopic(name);
    return topic ?? (typeof usual === "string" ? usual : usual(event));
  };
}

function usualTopic(topic: string): string | TextOf {
  if (!isTemplate(topic)) {
    if (isTopicName(topic)) return topic;
    throw new KeyError("topic", "is no topic; letters, digits and . _ - are allowed, 249 of them");
  }
  checkTopicTemplate(topic, "topic");
  const value = compileEventTemplate(topic, "topic");
  return (event) => confinedTopic(textOf(value(event) ?? "")) ?? "_";
}

/** The number of a partition, or no text where the record has none. */
function partitionOf(partition: string): TextOf {
  const value = compileEventKey(partition, "partition");
  return (event) => {
    const text = value(event) ?? "";
    return fixedPartition(text) === undefined ? "" : text;
  };
}

function timestampOf({ timestamp }: LogEvent): string {
  return timestamp >= 0 ? Math.floor(timestamp).toString() : "";
}

function keyOf(key: string): TextOf {
  const value = compileEventKey(key, "partition_key");
  return (event) => value(event) ?? "";
}

function headersOf(config: KafkaConfig): (TextOf | undefined)[] {
  return headerSources(config).map(([name, source]) => {
    if (source !== "record") return undefined;
    const value = compileEventTemplate(config.headers[name] ?? "", pathOf("headers", name));
    return (event) => {
      const found = value(event);
      return found === undefined ? ABSENT : headerText(typeof found === "string" ? found : textOf(found));
    };
  });
}

// deno-lint-ignore no-control-regex
const CONTROL = /[\0-\x1f\x7f]/u;
// deno-lint-ignore no-control-regex
const CONTROLS = /[\0-\x1f\x7f]/gu;

/** Without what would end the header, or could deceive who looks at it. */
function headerText(text: string): string {
  const short = text.length > LONGEST_HEADER ? text.slice(0, LONGEST_HEADER) : text;
  return CONTROL.test(short) ? short.replace(CONTROLS, " ") : short;
}
