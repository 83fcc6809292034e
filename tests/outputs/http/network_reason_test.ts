import assert from "node:assert/strict";
import { networkReason, withRemedy } from "../../../src/outputs/http/network_reason.ts";

Deno.test("networkReason tells the last cause, without the URL, and what to do where that is known", () => {
  const cases: [string, string][] = [
    [
      "error sending request for url (https://h/?key=s3cret): client error (Connect): invalid peer certificate: UnknownIssuer",
      "invalid peer certificate: UnknownIssuer (name its CA in tls.ca_file)",
    ],
    [
      "error sending request for url (https://h/): client error (Connect): tcp connect error: Connection refused (os error 111)",
      "connection refused",
    ],
    [
      "error sending request for url (https://h/): client error (SendRequest): connection closed before message completed",
      "the server closed the connection without an answer",
    ],
    ["error sending request for url (https://h/?key=s3cret)", "the connection failed"],
    ["Unexpected end", "unexpected end"],
  ];
  for (const [text, reason] of cases) {
    assert.equal(networkReason(new Error("outer", { cause: new TypeError(text) })), reason);
  }
});

Deno.test("withRemedy knows what certificates are refused for", () => {
  for (
    const reason of [
      "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
      "self-signed certificate",
    ]
  ) {
    assert.match(
      withRemedy(reason),
      / \(self-signed ones are taken if made with .* named in tls\.ca_file\)$/,
    );
  }
  assert.match(withRemedy("unable to verify the first certificate"), / \(name its CA in tls\.ca_file\)$/);
  assert.equal(withRemedy("connection refused"), "connection refused");
});
