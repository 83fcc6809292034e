import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as schema from "../../../src/lib/schema.ts";
import { HttpOutput } from "../../../src/outputs/http/http_output.ts";
import { httpOutput, httpOutputSchema } from "../../../src/outputs/http/http_output_config.ts";
import { ALL_SENT, RetryLaterError } from "../../../src/outputs/output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { type Behaviour, HttpDestination, type Reply } from "../../support/http_destination.ts";
import { configOf, failure, never, NOW } from "./support.ts";

const BATCH = () => batchOf(["a\n"]);

/** A destination that takes the token `valid` only, and a server of tokens. */
class Guarded implements AsyncDisposable {
  valid = "token-1";
  now = NOW;
  readonly destination = HttpDestination.start(({ headers }) =>
    headers.get("authorization") === `Bearer ${this.valid}`
      ? {}
      : { status: 401, body: `not ${headers.get("authorization")}` }
  );
  readonly tokens: HttpDestination;
  readonly output: HttpOutput;

  constructor(answer: Behaviour, keys: object = {}) {
    this.tokens = HttpDestination.start(answer);
    const oauth2 = {
      token_url: this.tokens.url("/token"),
      client_id: "me:1",
      client_secret: "s3cret+",
      ...keys,
    };
    const config = configOf({ endpoint: this.destination.url(), oauth2 });
    this.output = new HttpOutput(config, { name: "web", log: new RecordingLog() }, () => this.now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.destination[Symbol.asyncDispose]();
    await this.tokens[Symbol.asyncDispose]();
  }
}

function token(text: string, more: object = { expires_in: 100 }): Reply {
  return { body: JSON.stringify({ access_token: text, token_type: "Bearer", ...more }) };
}

Deno.test("AccessTokens asks once, and again before the token expires", async () => {
  await using guarded = new Guarded((_, number) => token(`token-${number + 1}`));
  const { output, destination, tokens } = guarded;
  await output.open();
  for (let count = 0; count < 3; count++) assert.deepEqual(await output.send(BATCH(), never), ALL_SENT);
  assert.equal(tokens.requests.length, 1);
  guarded.now += 89_000;
  assert.deepEqual(await output.send(BATCH(), never), ALL_SENT);
  assert.equal(tokens.requests.length, 1);
  guarded.now += 2000;
  guarded.valid = "token-2";
  assert.deepEqual(await output.send(BATCH(), never), ALL_SENT);
  assert.equal(tokens.requests.length, 2);
  assert.equal(
    destination.requests.length,
    destination.kept.length,
    "none was sent with a token that is due",
  );
});

Deno.test("AccessTokens asks as OAuth 2.0 says, with the credentials in the header or in the form", async () => {
  await using inHeader = new Guarded(() => token("token-1"), {
    scope: "logs:write more",
    audience: "https://a",
  });
  await inHeader.output.open();
  await inHeader.output.send(BATCH(), never);
  const [request] = inHeader.tokens.requests;
  assert.deepEqual([request?.method, request?.target], ["POST", "/token"]);
  assert.equal(request?.headers.get("content-type"), "application/x-www-form-urlencoded");
  assert.equal(
    request?.headers.get("authorization"),
    `Basic ${Buffer.from("me%3A1:s3cret%2B").toString("base64")}`,
  );
  assert.deepEqual(Object.fromEntries(new URLSearchParams(Buffer.from(request!.body).toString())), {
    grant_type: "client_credentials",
    scope: "logs:write more",
    audience: "https://a",
  });

  await using inBody = new Guarded(() => token("token-1"), { client_auth: "body" });
  await inBody.output.open();
  await inBody.output.send(BATCH(), never);
  const [other] = inBody.tokens.requests;
  assert.equal(other?.headers.has("authorization"), false);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(Buffer.from(other!.body).toString())), {
    grant_type: "client_credentials",
    client_id: "me:1",
    client_secret: "s3cret+",
  });
});

Deno.test("AccessTokens gets a new token after a 401, once for each request", async () => {
  await using guarded = new Guarded((_, number) => token(`token-${number + 1}`, {}));
  const { output, destination, tokens } = guarded;
  await output.open();
  await output.send(BATCH(), never);
  guarded.valid = "token-2";
  assert.deepEqual(await output.send(BATCH(), never), ALL_SENT);
  assert.equal(tokens.requests.length, 2);
  guarded.valid = "none";
  const requests = destination.requests.length;
  const { message } = await failure(output.send(BATCH(), never));
  assert.match(message, /^POST \/ingest answered 401 "not Bearer \*\*\*", look at username/);
  assert.equal(destination.requests.length, requests + 2);
});

Deno.test("AccessTokens shares one question among requests that are under way at once", async () => {
  await using guarded = new Guarded(() => token("token-1"));
  await guarded.output.open();
  const sent = await Promise.all([1, 2, 3, 4].map(() => guarded.output.send(BATCH(), never)));
  assert.deepEqual(sent, [ALL_SENT, ALL_SENT, ALL_SENT, ALL_SENT]);
  assert.equal(guarded.tokens.requests.length, 1);
});

Deno.test("AccessTokens says why there is no token, without a secret", async () => {
  const cases: [Reply, RegExp, number?][] = [
    [
      { status: 401, body: '{"error":"invalid_client","secret":"s3cret+"}' },
      /^Cannot get an access token: POST \/token to 127\.0\.0\.1:\d+ answered 401 "{"error":"invalid_client","secret":"\*\*\*"}", look at oauth2$/,
    ],
    [{ status: 503, headers: { "retry-after": "7" } }, /^Cannot get an access token: .* answered 503$/, 7000],
    [{ status: 500 }, /^Cannot get an access token: .* answered 500$/],
    [{ body: "{}" }, /answered 200 without an access_token, look at oauth2.token_url$/],
    [{ body: "<html>" }, /without an access_token/],
    [{ body: '{"access_token":"a\\nb"}' }, /without an access_token/],
    [{ cut: "before" }, /^POST \/token to 127\.0\.0\.1:\d+ failed: the server closed/],
  ];
  for (const [reply, pattern, wait] of cases) {
    await using guarded = new Guarded(() => reply);
    await guarded.output.open();
    const error = await failure(guarded.output.send(BATCH(), never));
    assert.match(error.message, pattern);
    assert.equal(error instanceof RetryLaterError ? error.wait : undefined, wait);
    assert.equal(guarded.destination.requests.length, 0);
    guarded.valid = "later";
  }
});

Deno.test("AccessTokens is heard by the permissions and by probe", async () => {
  const config = schema.parse(httpOutputSchema, {
    endpoint: "https://a.example/in",
    oauth2: { token_url: "https://login.example/token", client_id: "a", client_secret: "b" },
  });
  const hosts = httpOutput.permissions(config).map((need) => need.name === "net" ? need.host : need.name);
  assert.deepEqual(hosts, ["a.example:443", "login.example:443"]);

  await using guarded = new Guarded(() => ({ status: 400, body: "no such client" }));
  await guarded.output.open();
  await assert.rejects(guarded.output.probe(never), /Cannot get an access token: .*no such client/);
});
