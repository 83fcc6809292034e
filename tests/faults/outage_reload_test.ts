import assert from "node:assert/strict";
import { appendJson, DeliveredMessages } from "../support/event_lines.ts";
import { FaultyHttp } from "../support/faulty_destination.ts";
import { HttpDestination } from "../support/http_destination.ts";
import { LineWriter } from "../support/line_writer.ts";
import { outputsIn, summariesIn } from "../support/ledger.ts";
import { BATCH, Ordeal } from "../support/ordeal.ts";
import { scenario } from "../support/scenario.ts";

const ONCE = { ways: "watching" } as const;
const hang = () => ({ hang: true });

scenario(
  "agent that gets a log while its destination hangs, loses it and gets it again, delivers all",
  async (space) => {
    await using destination = new FaultyHttp(hang);
    const ordeal = new Ordeal(space, { trials: { remote: { destination } }, isDurable: false });
    ordeal.write();
    await ordeal.misbehave();
    // What is in the log when it is taken away stays there until there is a log again.
    for (const isDurable of [true, false, true]) {
      ordeal.write();
      await ordeal.untilMet();
      ordeal.isDurable = isDurable;
      await ordeal.reload();
    }
    ordeal.write();
    await ordeal.untilMet();
    await destination.recover();
    await ordeal.complete();
  },
  ONCE,
);

for (const isDurable of [false, true]) {
  for (const end of ["stopped", "killed"] as const) {
    scenario(
      `agent ${end} during a reload while its destination takes requests and cuts the connection delivers all, with ${
        isDurable ? "a log" : "a buffer in memory"
      }`,
      async (space) => {
        await using destination = new FaultyHttp(() => ({ cut: "before", keep: true }));
        const ordeal = new Ordeal(space, { trials: { remote: { destination } }, isDurable });
        ordeal.write();
        await ordeal.misbehave();
        ordeal.write();
        await ordeal.untilMet();
        const [trial] = ordeal.trials;
        Object.assign(trial!.versions, { transforms: "2", output: "2" });
        ordeal.configure();
        ordeal.agent.hangUp();
        ordeal.write();
        await ordeal.untilMet();
        trial!.allowed += 2 * BATCH;
        await (end === "killed" ? ordeal.kill() : ordeal.stop());
        await ordeal.start();
        await ordeal.untilMet();
        await destination.recover();
        await ordeal.complete();
      },
      ONCE,
    );
  }
}

scenario(
  "agent with an optional output that hangs is reloaded and stopped, and the other output misses nothing",
  async (space) => {
    await using server = HttpDestination.start(hang);
    const { output, delivered } = space.fileOutput("all.log", { encoding: "json" });
    const configure = (version: string) =>
      space.configure({
        output: {
          type: "multi",
          multi: {
            outputs: [
              { name: "all", ...output },
              {
                name: "server",
                type: "http",
                http: { endpoint: server.url(), batch_size: 50, batch_timeout: "10ms", timeout: "30s" },
                buffer: { size: 200 },
                optional: true,
              },
            ],
          },
        },
        rest: {
          parser: { type: "json" },
          transforms: [{ type: "remove", fields: ["nested"] }, { type: "add", add: { version } }],
        },
      });
    configure("1");
    const agent = space.start();
    const writer = new LineWriter("w");
    const messages = new DeliveredMessages(delivered);
    const write = async () => {
      for (let round = 0; round < 5; round++) {
        appendJson(space.log(), writer, 150);
        await space.untilDelivered(agent, [writer], messages);
      }
    };
    await write();
    configure("2");
    agent.hangUp();
    await agent.untilLog(/"Reloaded"/);
    await write();
    await space.finish(agent, [writer], { delivered: messages });
    const last = summariesIn(agent.log).at(-1)!;
    const { received = 0, dropped = 0, failed = 0 } = outputsIn(last)["server"] ?? {};
    assert.deepEqual([received, dropped > 0, failed > 0], [writer.written, true, true], last.line);
    appendJson(space.log(), writer, 1);
    const again = space.start();
    await space.complete(again, [writer], { delivered: messages });
  },
  ONCE,
);
