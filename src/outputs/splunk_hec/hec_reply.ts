import type { Answer } from "../http/answer.ts";

/** What the HTTP Event Collector says in the body of an answer. */
export interface HecReply {
  /** Undefined where the body is none of the collector's. */
  readonly code: number | undefined;
  readonly ackId: number | undefined;
  readonly acks: Readonly<Record<string, unknown>>;
}

/** Reads the body of an answer. What cannot be read says nothing. */
export function hecReply({ body }: Answer): HecReply {
  let value: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof parsed === "object" && parsed !== null) value = parsed as Record<string, unknown>;
  } catch {
    // A proxy's page.
  }
  const { code, ackId, acks } = value;
  return {
    code: typeof code === "number" ? code : undefined,
    ackId: typeof ackId === "number" ? ackId : undefined,
    acks: typeof acks === "object" && acks !== null ? acks as Record<string, unknown> : {},
  };
}
