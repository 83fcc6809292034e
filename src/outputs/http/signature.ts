import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { parseTemplate, type TemplatePart } from "../../lib/template.ts";

/** How requests are signed, as configured. */
export interface SignatureOptions {
  readonly header: string;
  readonly secret: string;
  readonly secret_encoding: "text" | "base64" | "hex";
  readonly algorithm: "sha256" | "sha512" | "sha1";
  readonly format: "hex" | "base64";
  readonly payload: string;
  readonly value: string;
  readonly timestamp_header?: string | undefined;
}

/** What a signature may be about. */
export interface SignedRequest {
  /** As it is sent. */
  readonly body: Uint8Array;
  /** The idempotency key. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

const NAMES = {
  payload: ["body", "timestamp", "id", "method", "path"],
  value: ["signature", "timestamp", "id"],
} as const;

/** The rule for the templates of a signature. */
export function textProblem(key: keyof typeof NAMES): (template: string) => string | undefined {
  return (template) => {
    let parts: TemplatePart[];
    try {
      parts = parseTemplate(template);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const names = parts.flatMap((part) => "name" in part ? [part.name] : []);
    const known: readonly string[] = NAMES[key];
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      return `has {{ ${unknown} }}; only ${known.map((name) => `{{ ${name} }}`).join(", ")} can stand here`;
    }
    const needed = known[0] ?? "";
    return names.includes(needed) ? undefined : `must have {{ ${needed} }}, or it says nothing`;
  };
}

/** Makes the headers that sign a request. */
export class Signer {
  readonly #options: SignatureOptions;
  readonly #key: Buffer;
  readonly #payload: readonly TemplatePart[];
  readonly #value: readonly TemplatePart[];

  constructor(options: SignatureOptions) {
    const { secret, secret_encoding } = options;
    this.#options = options;
    this.#key = Buffer.from(secret, secret_encoding === "text" ? "utf8" : secret_encoding);
    this.#payload = parseTemplate(options.payload);
    this.#value = parseTemplate(options.value);
  }

  /** Sets the headers. `now`: milliseconds since 1970. */
  sign(headers: Headers, { body, ...texts }: SignedRequest, now: number): void {
    const { algorithm, format, header, timestamp_header } = this.#options;
    const values: Record<string, string> = { ...texts, timestamp: String(Math.floor(now / 1000)) };
    const hmac = createHmac(algorithm, this.#key);
    for (const part of this.#payload) {
      if ("text" in part) hmac.update(part.text);
      else hmac.update(part.name === "body" ? body : values[part.name] ?? "");
    }
    values["signature"] = hmac.digest(format);
    headers.set(
      header,
      this.#value.map((part) => "text" in part ? part.text : values[part.name] ?? "").join(""),
    );
    if (timestamp_header !== undefined) headers.set(timestamp_header, values["timestamp"] ?? "");
  }
}
