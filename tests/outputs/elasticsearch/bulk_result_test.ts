import assert from "node:assert/strict";
import { failedItems } from "../../../src/outputs/elasticsearch/bulk_result.ts";

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const answer = (...items: object[]): Uint8Array =>
  bytes({ errors: true, items: items.map((create) => ({ create })) });
const error = (status: number, type: string, reason = "because", more: object = {}) => ({
  status,
  error: { type, reason, ...more },
});

Deno.test("failedItems does not parse an answer without errors", () => {
  for (
    const start of [
      '{"errors":false,"items":[',
      '{"took":30,"errors":false,"items":[',
      '{"took":30,"ingest_took":2,"errors":false,',
      ' {\n  "took" : 3,\n  "errors" : false,\n',
    ]
  ) {
    // What follows is no JSON, so that parsing it would throw.
    assert.deepEqual(failedItems(bytes(`${start} not looked at`), 5, true), []);
  }
  assert.deepEqual(failedItems(bytes('{"items":[{"create":{"status":201}}],"errors":false}'), 1, true), []);
});

Deno.test("failedItems tells what may be taken later from what never will", () => {
  const retried = [
    error(429, "es_rejected_execution_exception"),
    error(429, "rejected_execution_exception"),
    error(503, "unavailable_shards_exception"),
    error(500, "some_exception"),
    error(403, "cluster_block_exception"),
    error(429, "cluster_block_exception"),
    error(403, "security_exception"),
    error(404, "index_not_found_exception"),
    error(400, "index_closed_exception"),
    error(400, "illegal_argument_exception", "pipeline with id [p] does not exist"),
    error(
      400,
      "validation_exception",
      "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has [2]/[1] maximum shards open;",
    ),
    error(
      400,
      "validation_exception",
      "this cluster currently has [1000]/[1000] maximum normal shards open;",
    ),
  ];
  const rejected = [
    error(400, "mapper_parsing_exception"),
    error(400, "document_parsing_exception"),
    error(400, "illegal_argument_exception", "Limit of total fields [1000] has been exceeded"),
    error(400, "validation_exception", "something else"),
    error(400, "script_exception"),
    error(500, "fail_processor_exception"),
    error(409, "other_conflict_exception"),
    error(404, "document_missing_exception"),
  ];
  const failed = failedItems(answer(...retried, ...rejected), retried.length + rejected.length, true);
  assert.deepEqual(failed.map(({ index }) => index), [...retried, ...rejected].map((_, index) => index));
  assert.deepEqual(failed.map(({ verdict }) => verdict), [
    ...retried.map(() => "retry"),
    ...rejected.map(() => "rejected"),
  ]);
});

Deno.test("failedItems takes a document that exists for one that has arrived, where ids are given", () => {
  const conflict = error(409, "version_conflict_engine_exception");
  const mixed = answer({ status: 201 }, conflict, { status: 200, result: "noop" });
  assert.deepEqual(failedItems(mixed, 3, true), []);
  assert.deepEqual(failedItems(mixed, 3, false).map(({ index, verdict }) => [index, verdict]), [[
    1,
    "rejected",
  ]]);
  assert.deepEqual(failedItems(answer({ status: 409, error: "conflict" }), 1, true), []);
});

Deno.test("failedItems gives the server's type and reason, and what caused it", () => {
  const item = error(400, "mapper_parsing_exception", "failed to parse field [a] of type [long]", {
    caused_by: { type: "illegal_argument_exception", reason: 'For input string: "x\ny\x1b[31m"' },
  });
  const [failed] = failedItems(answer(item), 1, true);
  assert.equal(
    failed?.reason,
    '400 mapper_parsing_exception: failed to parse field [a] of type [long], caused by illegal_argument_exception: For input string: "x y [31m"',
  );
  const reasonOf = (item: object) => failedItems(answer(item), 1, true)[0]?.reason;
  assert.equal(reasonOf({ status: 400, error: "in words" }), "400 in words");
  assert.equal(reasonOf({ status: 400 }), "400 no reason given");
  assert.equal(
    reasonOf(error(429, "es_rejected_execution_exception", "queued 99")),
    "429 es_rejected_execution_exception",
  );
  assert.ok((reasonOf(error(400, "t", "x".repeat(5000)))?.length ?? 0) <= 1000);
});

Deno.test("failedItems refuses what is no answer to the request", () => {
  for (
    const [body, pattern] of [
      ["", /no JSON object/],
      ["null", /no JSON object/],
      ["<html>", /no JSON object/],
      ["{}", /no results for 2 records/],
      [answer({ status: 201 }), /1 results for 2 records/],
    ] as const
  ) {
    assert.throws(() => failedItems(typeof body === "string" ? bytes(body) : body, 2, true), pattern);
  }
  const odd = bytes({ errors: true, items: [null, {}] });
  assert.deepEqual(failedItems(odd, 2, true).map(({ verdict }) => verdict), ["retry", "retry"]);
});
