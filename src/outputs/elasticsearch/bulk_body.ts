import { createHash } from "node:crypto";
import { type EncodedBatch, idText } from "../../batch.ts";
import { offsetOf, type Range } from "../http/request_body.ts";

/** Servers refuse a whole request for one longer id. */
const LONGEST_ID = 512;
const LINE_FEED = 10;

const ascii = new TextEncoder();
const WITHOUT_ID = ascii.encode('{"create":{}}\n');
const BEFORE_ID = ascii.encode('{"create":{"_id":"');
const AFTER_ID = ascii.encode('"}}\n');

/**
 * The body of a bulk request for some records, each with the action to create it: with its id, so that creating it once
 * more is refused. Records without ids get them from the server.
 */
export function bulkBody(batch: EncodedBatch, range: Range, withIds: boolean): Uint8Array<ArrayBuffer> {
  const { bytes, ends } = batch;
  const ids = withIds ? idsOf(batch, range) : undefined;
  const start = offsetOf(batch, range.first);
  const records = range.end - range.first;
  let size = offsetOf(batch, range.end) - start + records;
  if (ids === undefined) size += records * WITHOUT_ID.length;
  else for (const id of ids) size += BEFORE_ID.length + id.length + AFTER_ID.length;
  const body = new Uint8Array(size);
  let at = 0;
  let from = start;
  for (let record = range.first; record < range.end; record++) {
    if (ids === undefined) {
      body.set(WITHOUT_ID, at);
      at += WITHOUT_ID.length;
    } else at = writeAction(body, at, ids[record - range.first] ?? "");
    const end = ends[record] ?? from;
    body.set(bytes.subarray(from, end), at);
    at += end - from;
    if (body[at - 1] !== LINE_FEED) body[at++] = LINE_FEED;
    from = end;
  }
  return body.subarray(0, at);
}

/** The ids of the records as the server takes them; undefined where the batch has none. */
export function idsOf({ ids }: EncodedBatch, { first, end }: Range): string[] | undefined {
  if (ids === undefined) return undefined;
  const { origins, offsets } = ids;
  const texts: string[] = [];
  // Not `recordId`: it looks the run up each time, and records of many streams may be mixed.
  let run = 0;
  for (let record = first; record < end; record++) {
    while (run < origins.length && (origins[run]?.end ?? 0) <= record) run++;
    const text = idText(origins[run]?.id ?? "", offsets[record] ?? 0);
    texts.push(text.length <= LONGEST_ID ? text : createHash("sha256").update(text).digest("base64url"));
  }
  return texts;
}

function writeAction(body: Uint8Array, start: number, id: string): number {
  body.set(BEFORE_ID, start);
  let at = start + BEFORE_ID.length;
  for (let i = 0; i < id.length; i++) body[at++] = id.charCodeAt(i);
  body.set(AFTER_ID, at);
  return at + AFTER_ID.length;
}
