import assert from "node:assert/strict";
import { type Letter, letterId } from "../../src/delivery/dead_letter_line.ts";
import { LetterArchive } from "../../src/delivery/letter_archive.ts";
import { AgentProcess } from "../support/agent_process.ts";
import { appendJson, DeliveredMessages } from "../support/event_lines.ts";
import { type ArrivedRequest, HttpDestination, plainBody, type Reply } from "../support/http_destination.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { judge } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import { until } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const WATCHING = { ways: "watching" } as const;

function configure(space: Workspace, server: HttpDestination, http: object = {}): void {
  space.configure({
    output: {
      name: "remote",
      type: "http",
      http: { endpoint: server.url(), batch_size: 1, batch_timeout: "20ms", timeout: "5s", ...http },
    },
    rest: {
      parser: { type: "json" },
      transforms: [{ type: "remove", fields: ["nested"] }],
      reliability: {
        retry: { initial_backoff: "10ms", max_backoff: "50ms" },
        circuit_breaker: { failure_threshold: 100 },
      },
      dead_letter: { enabled: true, dir: space.path("dead") },
    },
  });
}

/** The numbers of the records in a request. */
function numbersOf(request: ArrivedRequest): number[] {
  const lines = new TextDecoder().decode(plainBody(request)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line).fields.n);
}

/** What is in the queue, as anybody may look at it. */
async function lettersOf(space: Workspace): Promise<(Letter | undefined)[]> {
  await using archive = new LetterArchive(space.path("dead"));
  return (await Array.fromAsync(archive.letters())).map(({ letter }) => letter);
}

scenario(
  "agent keeps single refused records, and a replay that is killed delivers each exactly once",
  async (space) => {
    const refuse = (request: ArrivedRequest): Reply =>
      numbersOf(request).some((n) => n % 3 === 0) ? { status: 422, body: "no multiples of three" } : {};
    await using server = HttpDestination.start(refuse);
    configure(space, server, { concurrency: 4 });
    const writer = new LineWriter("w");
    appendJson(space.log(), writer, 90);
    const agent = space.start();
    await agent.until("the rest", () => server.delivered().lines === 60);
    await agent.until("dead letters", async () => (await lettersOf(space)).length === 30);

    const letters = await lettersOf(space);
    assert.equal(
      new Set(letters.map((letter) => letter && letterId(letter))).size,
      30,
      "each has its own id",
    );
    for (const letter of letters) {
      assert.deepEqual([letter?.attempts, letter?.to?.output], [1, "remote"]);
      assert.match(letter?.reason ?? "", /answered 422 "no multiples of three"$/);
    }
    const list = await space.command("dlq", "list", "--json", "--config", space.config);
    const { groups: [group] } = JSON.parse(list.stdout.text());
    assert.deepEqual([group.output, group.letters], ["remote", 30]);

    const stubborn = await space.command("dlq", "replay", "--limit", "2", "--config", space.config);
    assert.equal((await stubborn.ended()).code, 1);
    const tried = (await lettersOf(space)).filter((letter) => letter?.attempts === 2);
    assert.equal(tried.length, 2, "they are back, with their attempts");

    configure(space, server, { batch_size: 4 });
    const before = server.requests.length;
    server.behaviour = (_, number) => number === before + 3 ? { hang: true } : {};
    await using replay = AgentProcess.command(["dlq", "replay", "--config", space.config]);
    await replay.until("a request without an answer", () => server.requests.length === before + 4);
    await replay.kill();
    assert.equal((await lettersOf(space)).length, 18, "what was answered is gone, at once");
    const rest = await space.command("dlq", "replay", "--config", space.config);
    assert.deepEqual([(await rest.ended()).code, rest.stdout.text()], [0, "Sent 18 dead letters\n"]);
    assert.deepEqual(await lettersOf(space), []);

    const messages = new DeliveredMessages(server.delivered());
    const { code } = await agent.terminate();
    assert.equal(code, 0);
    const { lost, duplicates } = judge(messages.bytes(), [writer]);
    assert.deepEqual([lost.size, duplicates], [0, 0]);
  },
  WATCHING,
);

scenario(
  "agent sends several requests at once, as many as a server takes, and misses nothing",
  async (space) => {
    let now = 0;
    let most = 0;
    await using server = HttpDestination.start(async (_, number) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 3));
      now--;
      if (number % 23 === 22) return { status: 429 };
      if (number === 60) return { status: 503, headers: { "retry-after": "1" } };
      return {};
    });
    configure(space, server, { batch_size: 10, concurrency: 4 });
    const writer = new LineWriter("w");
    appendJson(space.log(), writer, 1500);
    const agent = space.start();
    const messages = new DeliveredMessages(server.delivered());
    await space.untilDelivered(agent, [writer], messages);
    assert.equal((await agent.terminate()).code, 0);
    const { lost, duplicates, arrived } = judge(messages.bytes(), [writer]);
    assert.deepEqual([lost.size, duplicates, arrived], [0, 0, 1500]);
    assert.ok(most > 1 && most <= 4, `${most} requests at once`);
  },
  WATCHING,
);

scenario(
  "agent holds back what it cannot keep while dead letters cannot be written, and goes on",
  async (space) => {
    await using server = HttpDestination.start((request) =>
      numbersOf(request).includes(3) ? { status: 422 } : {}
    );
    configure(space, server);
    Deno.writeTextFileSync(space.path("dead"), "a file in the place of the directory");
    const writer = new LineWriter("w");
    appendJson(space.log(), writer, 10);
    const agent = space.start();
    await agent.untilLog(/Cannot keep dead letters in /);
    assert.equal(server.delivered().lines, 2, "what comes behind the record waits");
    Deno.removeSync(space.path("dead"));
    await agent.until("the rest", () => server.delivered().lines === 9);
    assert.equal((await agent.terminate()).code, 0);
    assert.equal((await lettersOf(space)).length, 1);
    assert.equal(agent.log.filter(({ line }) => /Cannot keep dead letters in /.test(line)).length, 1);
  },
  WATCHING,
);

for (const buffer of ["memory", "disk"]) {
  scenario(
    `replay to an output of files with its buffer in ${buffer} works while no agent runs, and the next agent leaves it there`,
    async (space) => {
      const { output, delivered } = space.fileOutput();
      const configureFiles = (parser: object) =>
        space.configure({
          output: { name: "files", ...output },
          rest: {
            parser,
            dead_letter: { enabled: true, dir: space.path("dead") },
            buffer: { type: buffer },
            wal: { dir: space.path("wal") },
          },
        });
      const lines = () => delivered.bytes().length === 0 ? [] : messagesOf(delivered.bytes());
      appendBytes(space.log(), new TextEncoder().encode('{"msg":"one"}\n<two>\n{"msg":"three"}\n<four>\n'));
      configureFiles({ type: "json", on_error: "dead_letter" });
      await space.once();
      assert.deepEqual(lines(), ["one", "three"]);

      configureFiles({ type: "regex", pattern: "^<(?<message>.*)>$", on_error: "dead_letter" });
      const agent = space.start();
      await agent.untilLog(/Started/);
      const refused = await space.command("dlq", "replay", "--config", space.config);
      assert.equal((await refused.ended()).code, 1);
      assert.match(refused.stderr, /an agent \(process \d+\) keeps its state; stop it first/);
      await agent.terminate();
      const replayed = await space.command("dlq", "replay", "--config", space.config);
      assert.equal((await replayed.ended()).code, 0, replayed.stderr);
      assert.deepEqual(lines(), ["one", "three", "two", "four"]);

      appendBytes(space.log(), new TextEncoder().encode("<five>\n"));
      await space.once();
      assert.deepEqual(lines(), ["one", "three", "two", "four", "five"]);
      await until("no letters", async () => (await lettersOf(space)).length === 0);
    },
    WATCHING,
  );
}

function messagesOf(bytes: Uint8Array): string[] {
  return new TextDecoder().decode(bytes).trimEnd().split("\n").map((line) => JSON.parse(line).message);
}
