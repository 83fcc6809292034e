import { type EncoderFactory, lineEncoder, type LineEncoding } from "../encoding/encoder.ts";

const lines: EncoderFactory = (config, options) =>
  lineEncoder((config as { readonly encoding: LineEncoding }).encoding, options);

/** Event JSON also where nothing is parsed: the body of a request has one format. */
const httpBody: EncoderFactory = (config, options) =>
  lineEncoder((config as { readonly format: string }).format === "text" ? "text" : "json", options);

/** The encoder of every output type that is built; the part of an output that runs in workers. */
export const encoderTypes: Readonly<Record<string, EncoderFactory>> = {
  stdout: lines,
  file: lines,
  http: httpBody,
  null: lines,
};
