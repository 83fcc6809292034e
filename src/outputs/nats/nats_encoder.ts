import { type Encoder, type EncoderOptions, lineEncoder } from "../../encoding/encoder.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import { KeyError } from "../../lib/key_error.ts";
import { compileConfined, type Confinement } from "./confined_template.ts";

/** A dot would begin another token, `*` and `>` are wildcards, and `$` begins the subjects of the system. */
const CONFINEMENT: Confinement = { others: /[^\p{L}\p{N}_-]/gu, longest: 128, absent: "none" };

/** Writes records as messages; the key of each is its subject where that is a template. Throws KeyError. */
export function natsEncoder(config: unknown, options: EncoderOptions): Encoder {
  const { encoding, subject } = config as { readonly encoding: "json" | "text"; readonly subject: string };
  const problem = subjectProblem(subject);
  if (problem !== undefined) throw new KeyError("subject", problem);
  const lines = lineEncoder(encoding, options);
  if (!isTemplate(subject)) return lines;
  const keyOf = compileConfined(subject, "subject", CONFINEMENT);
  return lines.kind === "copy"
    ? { kind: "text", encode: ({ raw }) => `${raw}\n`, keyOf }
    : { kind: lines.kind, encode: (event) => lines.encode(event), keyOf };
}

/** The subjects that a template can make, as a filter with wildcards. */
export function subjectFilter(subject: string): string {
  const withValues = subject.replace(/\{\{.*?\}\}/g, "\0");
  return withValues.split(".").map((token) => token.includes("\0") ? "*" : token).join(".");
}

function subjectProblem(subject: string): string | undefined {
  // Values are never empty, so one of them is enough for a token.
  const tokens = subject.replace(/\{\{.*?\}\}/g, "x").split(".");
  if (tokens.some((token) => token === "")) return `"${subject}" has an empty part between dots`;
  if (tokens.some((token) => /[\s\p{Cc}*>]/u.test(token))) {
    return `"${subject}" has a space or a wildcard, which no subject of a message has`;
  }
  return undefined;
}
