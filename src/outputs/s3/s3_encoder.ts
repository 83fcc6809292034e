import { type EncoderFactory, lineEncoder } from "../../encoding/encoder.ts";
import { compilePartition } from "./key_template.ts";

/** Makes the lines of objects; the partition is the object's key as far as its records decide about it. */
export const s3Encoder: EncoderFactory = (config, options) => {
  const { encoding, prefix, key_template: template } = config as {
    readonly encoding: "ndjson" | "text";
    readonly prefix: string;
    readonly key_template: string;
  };
  const partitionOf = compilePartition(prefix, template);
  const lines = lineEncoder(encoding === "text" ? "text" : "json", options);
  return { kind: lines.kind, encode: (event) => lines.encode(event), partitionOf };
};
