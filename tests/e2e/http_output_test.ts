import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson, DeliveredMessages, eventsOf } from "../support/event_lines.ts";
import { HttpDestination, plainBody, type Reply } from "../support/http_destination.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { judge } from "../support/oracle.ts";
import { startFlags } from "../support/repository.ts";
import { savedLines } from "../support/saved_lines.ts";
import { scenario } from "../support/scenario.ts";
import { until } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const WATCHING = { ways: "watching" } as const;
const JSON_LINES = {
  parser: { type: "json" },
  transforms: [{ type: "remove", fields: ["nested"] }, { type: "add", add: { env: "test" } }],
};

function configure(space: Workspace, server: HttpDestination, keys: object = {}, rest: object = {}): void {
  const http = { endpoint: server.url(), batch_size: 200, batch_timeout: "20ms", timeout: "150ms", ...keys };
  const reliability = {
    retry: { initial_backoff: "10ms", max_backoff: "50ms" },
    circuit_breaker: { failure_threshold: 3, timeout: "100ms" },
  };
  space.configure({ output: { type: "http", http }, rest: { reliability, ...rest } });
}

/** Each kind of trouble again and again, with success between them. */
const TROUBLE: readonly Reply[] = [
  { status: 503 },
  {},
  { hang: true },
  { cut: "before", keep: true },
  {},
  { cut: "within" },
  { status: 429, body: "slow down" },
  { status: 500, keep: true },
  { cut: "before" },
  {},
];

scenario(
  "agent killed while it sends to a server that fails in every way delivers all, and doubles only what was in flight",
  async (space) => {
    await using server = HttpDestination.start((_, number) =>
      number === 2 ? { status: 429, headers: { "retry-after": "1" } } : TROUBLE[number % TROUBLE.length]!
    );
    configure(space, server, {}, JSON_LINES);
    const distinct = new DeliveredMessages(server.delivered(true));
    const writer = new LineWriter("w");
    const load = space.load(800, (lines) => appendJson(space.log(), writer, lines));

    const first = space.start();
    await first.until("requests", () => server.kept.length >= 15);
    await first.kill();
    await until("the end of its connections", () => server.open === 0);
    const before = judge(distinct.bytes(), [writer]);
    assert.equal(before.duplicates, 0, "a batch keeps its key, whatever became of it");
    const inFlight = before.arrived - await savedLines(space);

    const second = space.start();
    const kept = server.kept.length;
    await second.until("requests", () => server.kept.length >= kept + 15);
    await load.stop();
    const { duplicates } = await space.complete(second, [writer], {
      delivered: distinct,
      duplicates: inFlight,
    });
    assert.ok(duplicates <= inFlight, "only what the first agent could not note as delivered comes again");
    assert.ok(server.delivered().lines > server.delivered(true).lines, "requests were repeated");
    for (
      const pattern of [
        /answered 503; retrying/,
        /not answered within 150ms; retrying/,
        /without an answer; retry/,
      ]
    ) {
      await second.untilLog(pattern);
    }
    for (const { fields } of eventsOf(server.delivered(true))) {
      assert.deepEqual(fields, { n: fields["n"], env: "test" });
    }
  },
  WATCHING,
);

scenario("agent sends in each format, with and without a parser", async (space) => {
  await using server = HttpDestination.start();
  appendBytes(space.log(), new TextEncoder().encode('{"msg":"one"}\n{"msg":"two"}\n'));
  const run = async (format: string, rest: object): Promise<string> => {
    const count = server.kept.length;
    configure(space, server, { format, compression: "zstd" }, rest);
    await space.once();
    Deno.removeSync(space.checkpoints, { recursive: true });
    return new TextDecoder().decode(plainBody(server.kept[count]!));
  };
  const messages = (body: string) => JSON.parse(body).map(({ message }: { message: string }) => message);
  assert.deepEqual(messages(await run("json", JSON_LINES)), ["one", "two"]);
  assert.deepEqual(messages(await run("json", {})), ['{"msg":"one"}', '{"msg":"two"}']);
  assert.equal(await run("text", JSON_LINES), "one\ntwo\n");
  assert.equal(await run("text", {}), '{"msg":"one"}\n{"msg":"two"}\n');
}, WATCHING);

scenario(
  "agent started again sends an unanswered batch with the same key, so that a server can tell",
  async (space) => {
    await using server = HttpDestination.start(({ headers }) =>
      headers.get("x-attempt") === "first" ? { keep: true, hang: true } : {}
    );
    const writer = new LineWriter("w");
    appendJson(space.log(), writer, 600);
    const keys = { id_headers: true, timeout: "30s" };
    configure(space, server, { ...keys, headers: { "X-Attempt": "first" } }, JSON_LINES);
    const first = space.start();
    await first.until("a request", () => server.kept.length === 1);
    await first.kill();
    configure(space, server, keys, JSON_LINES);
    const second = space.start();
    const distinct = new DeliveredMessages(server.delivered(true));
    await space.complete(second, [writer], { delivered: distinct, duplicates: 0 });
    assert.equal(server.delivered().lines, 800, "the first batch came twice");
    const [lost, repeated] = server.kept;
    for (const name of ["idempotency-key", "x-batch-first-id", "x-batch-last-id"]) {
      assert.ok(lost?.headers.has(name), name);
      assert.equal(lost?.headers.get(name), repeated?.headers.get(name), name);
    }
  },
  WATCHING,
);

scenario("agent sends the records of each tenant with its header", async (space) => {
  await using server = HttpDestination.start();
  const tenants = ["a", "b", "c"];
  const writer = new LineWriter("w");
  appendJson(space.log(), writer, 300, (sequence) => ({ tenant: tenants[sequence % 3] }));
  configure(space, server, { headers: { "X-Tenant": "{{ fields.tenant }}" } }, JSON_LINES);
  await space.once();
  let count = 0;
  for (const request of server.kept) {
    const events = Buffer.from(plainBody(request)).toString().trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    for (const { fields } of events) assert.equal(fields.tenant, request.headers.get("x-tenant"));
    count += events.length;
  }
  assert.equal(count, 300);
}, WATCHING);

scenario("agent sends through the proxy that the environment names", async (space) => {
  await using proxy = HttpDestination.start();
  appendBytes(space.log(), new TextEncoder().encode("one\n"));
  configure(space, proxy, { endpoint: "http://logs.example.test/in", timeout: "10s" });
  await space.once({ env: { HTTP_PROXY: proxy.url("") } });
  assert.deepEqual(proxy.kept.map(({ target }) => target), ["http://logs.example.test/in"]);
}, WATCHING);

scenario("agent that may not connect names the permission", async (space) => {
  await using server = HttpDestination.start();
  configure(space, server);
  const agent = space.start({ flags: startFlags().filter((flag) => !flag.startsWith("--allow-net")) });
  agent.expectError(/./);
  assert.notEqual((await agent.ended()).code, 0);
  assert.match(agent.stderr, new RegExp(`--allow-net=127\\.0\\.0\\.1:${server.port}`));
}, WATCHING);
