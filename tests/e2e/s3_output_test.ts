import assert from "node:assert/strict";
import { appendJson, DeliveredMessages } from "../support/event_lines.ts";
import { LineWriter } from "../support/line_writer.ts";
import { type S3Fault, S3Server } from "../support/s3_server.ts";
import { scenario } from "../support/scenario.ts";
import { until } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const WATCHING = { ways: "watching" } as const;
const PARSER = { parser: { type: "json" } };

function s3Block(server: S3Server, keys: object = {}): { type: "s3"; s3: Record<string, unknown> } {
  const times = { batch_timeout: "20ms", flush_interval: "20ms", timeout: "150ms" };
  return { type: "s3", s3: { ...server.block, batch_size: 50, ...times, ...keys } };
}

const RELIABILITY = {
  reliability: {
    retry: { initial_backoff: "10ms", max_backoff: "50ms" },
    circuit_breaker: { enabled: false },
  },
};

/** Each kind of trouble again and again, with success between them. */
const TROUBLE: readonly (S3Fault | undefined)[] = [
  { status: 503, code: "SlowDown" },
  undefined,
  { hang: true, applied: true },
  undefined,
  undefined,
  { cut: "before", applied: true },
  { cut: "within", applied: true },
  undefined,
  { status: 500, code: "InternalError", applied: true },
];

scenario("agent killed again and again stores every record exactly once", async (space) => {
  await using server = S3Server.start(({ operation }, number) =>
    operation === "PutObject" ? TROUBLE[number % TROUBLE.length] : undefined
  );
  space.configure({
    // Every position is late, so that much comes again.
    files: { checkpoint_interval: "1h" },
    output: s3Block(server, {
      key_template: "%Y/{{ fields.level }}/{{ id }}.json",
      compression: "gzip",
      batch_timeout: "5ms",
      flush_interval: "5ms",
    }),
    rest: { ...PARSER, ...RELIABILITY },
  });
  const delivered = new DeliveredMessages(server);
  const writer = new LineWriter("w");
  const load = space.load(400, (lines) => appendJson(space.log(), writer, lines));
  for (let kill = 0; kill < 2; kill++) {
    const agent = space.start();
    const before = server.objects.size;
    await agent.until("objects", () => server.objects.size >= before + 6);
    await agent.kill();
    await until("the end of its connections", () => server.open === 0);
  }
  server.faults = () => undefined;
  const last = space.start();
  await load.stop();
  await space.complete(last, [writer], { delivered, duplicates: 0, disorder: true });
  assert.deepEqual(server.overwritten, []);
  for (const key of server.objects.keys()) {
    assert.match(key, /^logs\/20\d\d\/\w+\/[\w.-]+\.json\.gz$/);
  }
}, WATCHING);

scenario("agent with another output that is stuck stores nothing twice after a kill", async (space) => {
  await using server = S3Server.start();
  await using stuck = S3Server.start(() => ({ status: 503 }));
  const configure = (space: Workspace) =>
    space.configure({
      output: {
        type: "multi",
        multi: {
          outputs: [
            { name: "good", ...s3Block(server) },
            { name: "bad", ...s3Block(stuck) },
          ],
        },
      },
      rest: { ...PARSER, ...RELIABILITY },
    });
  configure(space);
  const writer = new LineWriter("w");
  appendJson(space.log(), writer, 300);
  const first = space.start();
  await first.until("all lines at one output", () => server.lines === 300);
  await first.kill();
  stuck.faults = () => undefined;
  const second = space.start();
  await space.untilDelivered(second, [writer], new DeliveredMessages(stuck));
  await space.complete(second, [writer], { delivered: new DeliveredMessages(server), disorder: true });
  assert.equal(stuck.lines, 300);
}, WATCHING);

scenario("agent flushes to objects when it stops, as text in parts of a path", async (space) => {
  await using server = S3Server.start();
  Deno.writeTextFileSync(space.log(), "one\ntwo\n");
  space.configure({
    output: s3Block(server, { encoding: "text", batch_timeout: "1s", key_template: "{{ file }}/x.txt" }),
  });
  const agent = space.start();
  await agent.untilLog(/"Started"/);
  await agent.until("both lines inside", () => {
    agent.signal("SIGUSR2");
    return agent.log.some(({ fields }) => fields["lines_received"] === 2);
  });
  await agent.terminate();
  assert.equal((await agent.ended()).summary?.delivered, 2);
  assert.deepEqual(Object.values(server.texts()), ["one\ntwo\n"]);
  assert.match([...server.objects.keys()][0]!, /^logs\/app\.log\/x-[\w.-]+\.txt$/);
}, WATCHING);
