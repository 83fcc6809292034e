/**
 * What became of one record of a bulk request.
 * - `retry`: it may be taken later, whatever it holds.
 * - `rejected`: it will never be taken.
 */
export interface FailedItem {
  /** Counted from the first record of the request. */
  readonly index: number;
  readonly verdict: "retry" | "rejected";
  /** The server's type and reason. */
  readonly reason: string;
}

/** What the answer to a bulk request must hold: nothing more is sent by servers that know this parameter. */
export const ANSWER_FILTER = "errors,items.*.status,items.*.error";

interface ServerError {
  readonly type?: unknown;
  readonly reason?: unknown;
  readonly caused_by?: unknown;
}

interface Item {
  readonly status?: unknown;
  readonly error?: ServerError | string;
}

/** The answer in which every record has arrived begins so, or with the times that it took. */
const NO_ERRORS = /^\s*\{\s*(?:"(?:took|ingest_took)"\s*:\s*\d+\s*,\s*)*"errors"\s*:\s*false\s*[,}]/u;
const LONGEST_START = 100;
/** A reason may repeat a value of the record. */
const LONGEST_REASON = 1000;
const DOUBT = "is it Elasticsearch or OpenSearch?";

/**
 * The records of a bulk request that did not arrive. An answer without errors is told by its beginning: it is not
 * parsed. `withIds`: that a document exists means that it arrived earlier. Throws an Error for what is no answer to a
 * request with so many records.
 */
export function failedItems(body: Uint8Array, records: number, withIds: boolean): FailedItem[] {
  const start = new TextDecoder("latin1").decode(body.subarray(0, LONGEST_START));
  if (NO_ERRORS.test(start)) return [];
  const { errors, items } = parse(body);
  if (errors === false) return [];
  if (!Array.isArray(items) || items.length !== records) {
    const found = Array.isArray(items) ? `${items.length} results` : "no results";
    throw new Error(`POST /_bulk answered with ${found} for ${records} records; ${DOUBT}`);
  }
  return items.flatMap((action, index) => {
    const [item] = Object.values(action as Readonly<Record<string, Item>> ?? {});
    return failureOf(item, index, withIds) ?? [];
  });
}

function parse(body: Uint8Array): { readonly errors?: unknown; readonly items?: unknown } {
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Told below.
  }
  throw new Error(`POST /_bulk answered with no JSON object; ${DOUBT}`);
}

function failureOf(item: Item | undefined, index: number, withIds: boolean): FailedItem | undefined {
  const status = Number(item?.status ?? 0);
  const error = item?.error;
  if (error === undefined && status >= 200 && status < 300) return undefined;
  const type = typeof error === "object" && typeof error?.type === "string" ? error.type : "";
  if (withIds && status === 409 && (type === "" || type === "version_conflict_engine_exception")) {
    return undefined;
  }
  const full = reasonOf(error);
  const verdict = isPassing(status, type, full) ? "retry" : "rejected";
  // How long the queues are just now is no news.
  const reason = type.endsWith(BUSY) ? type : full;
  return { index, verdict, reason: `${status} ${reason}`.slice(0, LONGEST_REASON) };
}

/** Failures that a pipeline makes of what a record holds, whatever status they come with. */
const OF_RECORD: ReadonlySet<string> = new Set([
  "fail_processor_exception",
  "ingest_processor_exception",
  "script_exception",
]);

const BUSY = "rejected_execution_exception";

/** Failures that somebody can end, while other records of the same kind fail as well. */
const OF_INDEX: ReadonlySet<string> = new Set([
  "cluster_block_exception",
  "es_rejected_execution_exception",
  BUSY,
  "index_closed_exception",
  "index_not_found_exception",
  "security_exception",
]);

function isPassing(status: number, type: string, reason: string): boolean {
  if (OF_RECORD.has(type)) return false;
  if (OF_INDEX.has(type) || status === 429 || status >= 500 || status < 200) return true;
  if (status === 401 || status === 403) return true;
  // The cluster has as many shards as it may, or the pipeline is not there (yet).
  return (type === "validation_exception" && /maximum (?:normal )?shards open/u.test(reason)) ||
    /pipeline with id \[.*\] does not exist/u.test(reason);
}

/** `type: reason`, and the same of what caused it, which often is what helps. */
function reasonOf(error: ServerError | string | undefined): string {
  const parts: string[] = [];
  let next: unknown = error;
  while (parts.length < 4 && typeof next === "object" && next !== null) {
    const { type, reason, caused_by } = next as ServerError;
    parts.push([type, reason].filter((text) => typeof text === "string").join(": "));
    next = caused_by;
  }
  const text = typeof error === "string" ? error : parts.join(", caused by ");
  // A server must not write control sequences to a terminal.
  return text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim() || "no reason given";
}
