import { type Encoder, type EncoderOptions, lineEncoder } from "../../encoding/encoder.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import { compileConfined, type Confinement } from "../nats/confined_template.ts";

/** Braces would choose the place of a key in a cluster, colons another name space. */
const CONFINEMENT: Confinement = { others: /[^\p{L}\p{N}_.-]/gu, longest: 128, absent: "none" };

/** Writes records as they stand in an entry; the partition is the key of the stream. Throws KeyError. */
export function redisEncoder(config: unknown, options: EncoderOptions): Encoder {
  const { encoding, key } = config as { readonly encoding: "json" | "text"; readonly key: string };
  const lines = lineEncoder(encoding, options);
  const keyOf = compileConfined(key, "key", CONFINEMENT);
  if (!isTemplate(key)) return lines;
  // Lines as they came are told apart by what they are made of only where they are looked at.
  return lines.kind === "copy"
    ? { kind: "text", encode: ({ raw }) => `${raw}\n`, partitionOf: keyOf }
    : { ...lines, encode: (event) => lines.encode(event), partitionOf: keyOf };
}
