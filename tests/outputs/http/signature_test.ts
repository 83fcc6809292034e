import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { ArrivedRequest } from "../../support/http_destination.ts";
import { batchOf } from "../../contracts/batches.ts";
import { Exchange, never, NOW } from "./support.ts";

const SECOND = String(NOW / 1000);

async function signed(signature: object, block: object = {}): Promise<ArrivedRequest> {
  await using exchange = await Exchange.open(undefined, { signature, ...block });
  await exchange.output.send(batchOf(["a\n", "ü\n"]), never);
  return exchange.destination.requests[0]!;
}

Deno.test("Signer signs the body as it is sent", async () => {
  for (const compression of ["none", "gzip"]) {
    const { headers, body } = await signed({
      header: "X-Hub-Signature-256",
      secret: "shared",
      value: "sha256={{ signature }}",
    }, { compression });
    const expected = createHmac("sha256", "shared").update(body).digest("hex");
    assert.equal(headers.get("x-hub-signature-256"), `sha256=${expected}`);
  }
});

Deno.test("Signer signs the time, the request and its key with the body", async () => {
  const { headers, body } = await signed({
    header: "Webhook-Signature",
    secret: Buffer.from([0, 255, 7]).toString("base64"),
    secret_encoding: "base64",
    algorithm: "sha512",
    format: "base64",
    payload: "{{ id }}.{{ timestamp }}.{{ method }} {{ path }}.{{ body }}",
    value: "t={{ timestamp }},i={{ id }},v1={{ signature }}",
    timestamp_header: "Webhook-Timestamp",
  }, { idempotency_header: "Webhook-Id" });
  const id = headers.get("webhook-id");
  const expected = createHmac("sha512", Buffer.from([0, 255, 7]))
    .update(`${id}.${SECOND}.POST /ingest.`).update(body).digest("base64");
  assert.equal(headers.get("webhook-signature"), `t=${SECOND},i=${id},v1=${expected}`);
  assert.equal(headers.get("webhook-timestamp"), SECOND);
});

Deno.test("Signer takes a key in hexadecimal digits", async () => {
  const { headers, body } = await signed({
    header: "S",
    secret: "00ff",
    secret_encoding: "hex",
    algorithm: "sha1",
  });
  assert.equal(headers.get("s"), createHmac("sha1", Buffer.from([0, 255])).update(body).digest("hex"));
});
