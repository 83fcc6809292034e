import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/load.ts";
import { lineEncoder } from "../../../src/encoding/encoder.ts";
import { newEvent } from "../../../src/event.ts";
import { encoderTypes } from "../../../src/outputs/encoders.ts";
import { configOf } from "./support.ts";

const ENDPOINT = "https://logs.example/in";

Deno.test("httpOutputSchema has defaults for all but the endpoint", () => {
  assert.deepEqual(configOf({ endpoint: ENDPOINT }), {
    endpoint: ENDPOINT,
    method: "POST",
    headers: {},
    format: "ndjson",
    compression: "none",
    batch_size: 1000,
    batch_bytes: 1048576,
    batch_timeout: 1000,
    concurrency: 1,
    timeout: 30000,
    tls: {},
    idempotency_header: "Idempotency-Key",
    id_headers: false,
  });
});

Deno.test("httpOutputSchema says what is wrong, and never shows a secret", () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ endpoint: undefined }, /^endpoint: is missing/],
    [{ endpoint: "logs.example/hunter2" }, /^endpoint: is no URL; write one such as https:/],
    [{ endpoint: "logs.example:80/hunter2" }, /^endpoint: must begin with http:\/\/ or https:\/\/$/],
    [{ endpoint: "http://logs.example/{{ level }}" }, /^endpoint: takes no values of records/],
    [{ endpoint: "ftp://logs.example" }, /^endpoint: is a URL of the scheme "ftp"; must be http or https$/],
    [{ endpoint: "http://ann:hunter2@logs.example" }, /^endpoint: must hold no user and no password/],
    [{ headers: { "X Y": "a" } }, /^headers: has "X Y", which is no name of a header$/],
    [{ headers: { "Content-Length": "1" } }, /^headers: has "Content-Length", which the output sets itself/],
    [{ headers: { "X-A": "1", "x-a": "2" } }, /^headers: has "x-a" twice/],
    [
      { headers: { "X-A": "hunter2\r\nX-B: 1" } },
      /^headers\.X-A: must be printable Latin-1 text on one line$/,
    ],
    [{ headers: { "X-A": "€" } }, /^headers\.X-A: /],
    [{ username: "a:b" }, /^username: must not be empty, and must hold no colon$/],
    [{ token: "hunter2 \n" }, /^token: must be printable ASCII without spaces$/],
    [{ username: "a", token: "hunter2" }, /^has username as well as token; keep one of them$/],
    [{ password: "hunter2" }, /^has password without username; give both$/],
    [
      { token: "hunter2", headers: { authorization: "hunter2" } },
      /^has headers.Authorization as well as token; keep one of them$/,
    ],
    [{ headers: { "idempotency-key": "1" } }, /^has idempotency_header among its headers/],
    [
      { signature: { header: "idempotency-KEY", secret: "hunter2" } },
      /^has signature.header as idempotency_header too/,
    ],
    [{ signature: { header: "X-S" } }, /^signature.secret: is missing/],
    [
      { signature: { header: "X-S", secret: "hunter2", payload: "{{ body }}{{ key }}" } },
      /^signature.payload: has {{ key }}; only {{ body }}, {{ timestamp }}, {{ id }}, {{ method }}, {{ path }} can/,
    ],
    [
      { signature: { header: "X-S", secret: "hunter2", payload: "{{ timestamp }}" } },
      /^signature.payload: must have {{ body }}, or it says nothing$/,
    ],
    [{ signature: { header: "X-S", secret: "hunter2", value: "v1=€{{ signature }}" } }, /^signature.value: /],
    [
      { signature: { header: "X-S", secret: "hunter2", value: "{{ signature" } },
      /^signature.value: "{{" has no/,
    ],
    [{ oauth2: { client_id: "a", client_secret: "hunter2" } }, /^oauth2.token_url: is missing/],
    [
      { oauth2: { token_url: "ldap://a", client_id: "a", client_secret: "hunter2" } },
      /^oauth2.token_url: is a URL of the scheme "ldap"/,
    ],
    [
      { token: "hunter2", oauth2: { token_url: "https://a", client_id: "a", client_secret: "hunter2" } },
      /^has token as well as oauth2; keep one of them$/,
    ],
    [{ concurrency: 0 }, /^concurrency: /],
    [{ idempotency_header: "a b" }, /^idempotency_header: "a b" is no name of a header$/],
    [{ idempotency_header: "Host" }, /^idempotency_header: "Host" is a header with another meaning$/],
    [{ tls: { cert_file: "/a" } }, /^tls: has cert_file without key_file; a client certificate needs both$/],
    [{ tls: { key_file: "/a" } }, /^tls: has key_file without cert_file/],
    [{ endpoint: "http://logs.example", tls: { ca_file: "/a" } }, /^has tls, while endpoint is http/],
    [{ batch_bytes: 0 }, /^batch_bytes: is too small; must be at least 1 byte$/],
    [{ timeout: 0 }, /^timeout: is too small; must be at least 1ms$/],
    [{ batch_size: 0 }, /^batch_size: must be an integer of at least 1|^batch_size: /],
  ];
  for (const [block, message] of cases) {
    assert.throws(() => configOf({ endpoint: ENDPOINT, ...block }), (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});

Deno.test("httpOutputSchema masks credentials wherever the configuration is shown", async () => {
  const { shown, config } = await parseConfig(
    `inputs: {files: [{paths: [/a]}]}
output:
  type: http
  endpoint: ${ENDPOINT}
  username: ann
  password: hunter2
  headers: {X-Api-Key: hunter2, X-Scope: hunter2}
  signature: {header: X-Signature, secret: hunter2}
`,
    "config.yaml",
    () => undefined,
  );
  assert.equal(config.outputs[0]?.type, "http");
  assert.match(JSON.stringify(shown), /X-Scope/);
  assert.doesNotMatch(JSON.stringify(shown), /hunter2/);
});

Deno.test("encoderTypes encodes for http by its format, whether something is parsed or not", () => {
  const event = newEvent({ input: "i", stream: "/a.log", labels: {} });
  Object.assign(event, { message: "said", raw: "as it came" });
  for (const plain of [true, false]) {
    const options = { plain, includeRaw: false };
    for (const format of ["ndjson", "json"]) {
      const encoder = encoderTypes["http"]!(configOf({ endpoint: ENDPOINT, format }), options);
      assert.equal(encoder.kind, "lines");
      assert.equal(encoder.encode(event), lineEncoder("json", options).encode(event));
    }
    const text = encoderTypes["http"]!(configOf({ endpoint: ENDPOINT, format: "text" }), options);
    assert.equal(text.kind, plain ? "copy" : "text");
  }
});
