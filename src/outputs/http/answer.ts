import { Buffer } from "node:buffer";
import { withoutSecrets } from "./headers.ts";

/** A server's answer, its body read and released. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** How the body begins, on one line; empty where the answer is a success. */
  readonly excerpt: string;
  /** How the body begins, as it came: as much as was asked for. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Whether `body` is all of it. */
  readonly whole: boolean;
}

/** More of a body is not waited for: a connection that is not used again costs less. */
const LONGEST_BODY = 64 * 1024;
const EXCERPT_BYTES = 4096;
const EXCERPT_LENGTH = 200;

/**
 * Reads what is wanted of a response and releases it. A body that breaks off changes nothing about its status.
 * `secrets` are masked in the excerpt; `keep`: bytes of the body that are kept at most.
 */
export async function answerOf(
  response: Response,
  secrets: readonly string[],
  keep: number = EXCERPT_BYTES,
): Promise<Answer> {
  const { status, headers, ok } = response;
  const { body, whole } = await readBody(response, keep);
  return {
    status,
    headers,
    excerpt: ok ? "" : excerptOf(body.subarray(0, EXCERPT_BYTES), secrets),
    body,
    whole,
  };
}

/** The beginning of the body. The rest is read too, so that the connection can be used again. */
async function readBody(
  response: Response,
  keep: number,
): Promise<{ body: Uint8Array<ArrayBuffer>; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  if (response.body === null) return { body: new Uint8Array(0), whole: true };
  const reader = response.body.getReader();
  let length = 0;
  let ended = false;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      ended = done;
      if (done || length > Math.max(LONGEST_BODY, keep)) break;
      if (length < keep) chunks.push(value.subarray(0, keep - length));
      length += value.length;
    }
  } catch {
    // What has come will do.
  }
  await reader.cancel().catch(() => {});
  return { body: new Uint8Array(Buffer.concat(chunks)), whole: ended && length <= keep };
}

function excerptOf(start: Uint8Array, secrets: readonly string[]): string {
  // A server must not write control sequences to a terminal, and a secret must not be cut before it is found.
  const text = withoutSecrets(new TextDecoder().decode(start), secrets).replace(/[\s\p{Cc}]+/gu, " ").trim();
  const characters = [...text];
  return characters.length > EXCERPT_LENGTH ? `${characters.slice(0, EXCERPT_LENGTH).join("")}…` : text;
}

/**
 * What an answer means for the records of a request:
 * - `sent`: the server has them.
 * - `split`: they are too many for one request.
 * - `refused`: it will never take them.
 * - `later`: it does not take them now.
 * - `misconfigured`: it takes nothing in this way, whatever the records are.
 */
export type Verdict = "sent" | "split" | "refused" | "later" | "misconfigured";

/** These say nothing about the records: a wrong token must not make dead letters of everything. */
const MISCONFIGURED: ReadonlySet<number> = new Set([
  ...[401, 402, 403, 404, 405, 406, 407],
  ...[411, 415, 421, 426, 431],
]);

/**
 * `records`: how many the request had. `repeated`: it was sent before with the same idempotency key, so a conflict
 * means that it had arrived. The first time, a conflict is a refusal like others.
 */
export function verdictOf(status: number, records: number, repeated: boolean): Verdict {
  if (status >= 200 && status < 300) return "sent";
  if (status < 400) return "misconfigured";
  if (status >= 500 || status === 408 || status === 425 || status === 429) return "later";
  if (status === 413 && records > 1) return "split";
  if (status === 409 && repeated) return "sent";
  return MISCONFIGURED.has(status) ? "misconfigured" : "refused";
}

/** What to look at in the configuration after an answer that is about neither the records nor the server's state. */
export function adviceFor(status: number): string {
  if (status < 400) return "look at endpoint; only 307 and 308 within the same origin are followed";
  switch (status) {
    case 401:
    case 403:
      return "look at username, password, token and headers";
    case 400:
      return "look at endpoint, headers, and what it says of the encoding";
    case 405:
      return "look at method and endpoint";
    case 415:
      return "look at format and compression";
    default:
      return "look at endpoint and headers";
  }
}
