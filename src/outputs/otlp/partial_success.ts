import type { Answer } from "../http/answer.ts";
import { fieldsOf } from "./protobuf.ts";

/** What a receiver says of records that it did not take. */
export interface PartialSuccess {
  readonly rejected: number;
  /** On one line; empty if there is nothing to say. */
  readonly message: string;
}

const NONE: PartialSuccess = { rejected: 0, message: "" };
const LONGEST_MESSAGE = 200;

/** Reads a successful answer, in the encoding that it says it has. What cannot be read says nothing. */
export function partialSuccessOf({ headers, body }: Answer): PartialSuccess {
  if (body.length === 0) return NONE;
  return headers.get("content-type")?.includes("json") === true ? ofJson(body) : ofProtobuf(body);
}

function ofJson(body: Uint8Array): PartialSuccess {
  try {
    const { partialSuccess } = JSON.parse(new TextDecoder().decode(body));
    return partialSuccess === undefined || partialSuccess === null
      ? NONE
      : told(partialSuccess.rejectedLogRecords ?? 0, partialSuccess.errorMessage ?? "");
  } catch {
    return NONE;
  }
}

/** ExportLogsServiceResponse { partial_success 1 { rejected_log_records 1, error_message 2 } } */
function ofProtobuf(body: Uint8Array): PartialSuccess {
  const partial = valueOf(body, 1);
  if (!(partial instanceof Uint8Array)) return NONE;
  const rejected = valueOf(partial, 1);
  const message = valueOf(partial, 2);
  return told(
    typeof rejected === "bigint" ? rejected : 0n,
    message instanceof Uint8Array ? new TextDecoder().decode(message) : "",
  );
}

function valueOf(bytes: Uint8Array, wanted: number): bigint | Uint8Array | undefined {
  return fieldsOf(bytes).find(({ field }) => field === wanted)?.value;
}

function told(rejected: unknown, message: unknown): PartialSuccess {
  const count = Number(rejected);
  const text = String(message).slice(0, 4 * LONGEST_MESSAGE).replace(/[\s\p{Cc}]+/gu, " ").trim();
  return { rejected: count > 0 ? count : 0, message: [...text].slice(0, LONGEST_MESSAGE).join("") };
}
