import assert from "node:assert/strict";
import { DeliveredFiles } from "../support/delivered.ts";
import { appendJson, DeliveredMessages, eventsOf } from "../support/event_lines.ts";
import { HttpDestination } from "../support/http_destination.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import type { AgentProcess } from "../support/agent_process.ts";
import type { Block, Workspace } from "../support/workspace.ts";

const ONCE = { ways: "watching" } as const;

/** The port of a server that is not there. */
async function portOfNobody(): Promise<number> {
  await using server = HttpDestination.start();
  return server.port;
}

/** Sends to files and to a server, which is not there until it is started; `version` changes the latter output. */
function configure(
  space: Workspace,
  port: number,
  files: readonly Block[],
  version = "1",
  rest: Block = {},
): void {
  const http = {
    endpoint: `http://127.0.0.1:${port}/`,
    headers: { "X-Version": version },
    batch_timeout: "10ms",
    format: "text",
  };
  space.configure({
    output: { type: "multi", multi: { outputs: [...files, { name: "server", type: "http", http }] } },
    rest: {
      reliability: {
        retry: { initial_backoff: "10ms", max_backoff: "50ms" },
        circuit_breaker: { enabled: false },
      },
      shutdown_timeout: "100ms",
      ...rest,
    },
  });
}

function start(space: Workspace): AgentProcess {
  return space.start({ args: ["--keep-permissions"] });
}

for (const end of ["stopped", "killed"] as const) {
  scenario(
    `agent ${end} while one of its outputs is down leaves each line once in the files of the other`,
    async (space) => {
      const port = await portOfNobody();
      const { output, delivered } = space.fileOutput("");
      const path = space.path("out", "{{ file }}");
      configure(space, port, [{ ...output, file: { path, max_size: "4KiB" } }]);
      const writers = ["a", "b"].map((name) => new LineWriter(name));
      for (let round = 0; round < 3; round++) {
        const agent = start(space);
        for (const writer of writers) {
          // A new file, and one that has grown enough, has all saved that was written before.
          writer.append(space.log(`${writer.name}.log`), 70);
          await space.untilDelivered(agent, writers.filter(({ written }) => written > 0), delivered);
        }
        await (end === "killed" ? agent.kill() : agent.terminate());
      }
      await using server = HttpDestination.start(() => ({}), port);
      const agent = start(space);
      for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 10);
      await space.untilDelivered(agent, writers, server.delivered());
      await space.complete(agent, writers, { delivered, disorder: true });
      assertDelivered(server.delivered().bytes(), writers, { disorder: true });
    },
    ONCE,
  );
}

scenario(
  "agent that replaces an output that is down leaves each line once in the file of the other",
  async (space) => {
    const port = await portOfNobody();
    const { output, delivered } = space.fileOutput();
    configure(space, port, [output]);
    const agent = start(space);
    const writer = new LineWriter("w");
    writer.append(space.log(), 300);
    await space.untilDelivered(agent, [writer], delivered);
    configure(space, port, [output], "2");
    agent.hangUp();
    await agent.untilLog(/Reading .* again from byte 0: its records were not delivered/);
    writer.append(space.log(), 100);
    await space.untilDelivered(agent, [writer], delivered);
    await using server = HttpDestination.start(() => ({}), port);
    await space.untilDelivered(agent, [writer], server.delivered());
    await space.complete(agent, [writer], { delivered });
  },
  ONCE,
);

scenario(
  "agent that gets another output while one is down leaves each line once in all files that take it",
  async (space) => {
    const port = await portOfNobody();
    const file = (name: string, keys: Block = {}) => {
      const { output, delivered } = space.fileOutput(`${name}.log`, { encoding: "json" });
      return { name, block: { name, ...output, ...keys }, messages: new DeliveredMessages(delivered) };
    };
    const [all, even, late] = [file("all"), file("even", { if: "fields.n % 2 === 0" }), file("late")];
    const writer = new LineWriter("w");
    const rest = { parser: { type: "json" } };
    const write = async (agent: AgentProcess) => {
      for (let part = 0; part < 3; part++) {
        appendJson(space.log(), writer, 50);
        await space.untilDelivered(agent, [writer], all.messages);
      }
    };
    configure(space, port, [all.block, even.block], "1", rest);
    const first = start(space);
    await write(first);
    await first.terminate();
    configure(space, port, [all.block, even.block, late.block], "1", rest);
    const second = start(space);
    await write(second);
    await using server = HttpDestination.start(() => ({}), port);
    await second.until("all lines at the server", () => server.delivered().lines >= writer.written);
    await space.finish(second, [writer], { delivered: all.messages });
    assertDelivered(late.messages.bytes(), [writer]);
    const numbers = eventsOf(new DeliveredFiles(space.path("out", "even.log"))).map(({ fields }) =>
      fields["n"]
    );
    assert.deepEqual(numbers, Array.from({ length: writer.written / 2 }, (_, index) => 2 * index + 2));
  },
  ONCE,
);
