import assert from "node:assert/strict";
import { appendJson, DeliveredMessages } from "../support/event_lines.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { renameAndCreate } from "../support/rotator.ts";
import { LONG, scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const KILLS = LONG ? 100 : 6;
const ONCE = { ways: "watching" } as const;

function withLog(space: Workspace, keys: object = {}): { rest: Record<string, unknown> } {
  return { rest: { wal: { enabled: true, dir: space.path("wal"), sync_interval: "20ms", ...keys } } };
}

/** Starts and kills the agent at moments that differ each time. */
async function killRepeatedly(space: Workspace): Promise<void> {
  for (let kill = 0; kill < KILLS; kill++) {
    const agent = space.start();
    await pause(150 + 500 * Math.random());
    await agent.kill();
  }
}

scenario(
  "agent with a log that is killed again and again leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({ output, ...withLog(space, { segment_size: "256KiB" }) });
    const writer = new LineWriter("w");
    writer.append(space.log(), 10);
    await space.once();
    let turn = 0;
    const load = space.load(5000, (lines) => {
      writer.append(space.log(), lines);
      if (++turn % 25 === 0) renameAndCreate(space.log(), { keep: 500 });
    });
    await killRepeatedly(space);
    await load.stop();
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
  ONCE,
);

scenario("agent with a log that is killed while it makes events leaves each of them once", async (space) => {
  const { output, delivered } = space.fileOutput();
  const transforms = [{ type: "drop", if: 'message.includes("no such line")' }];
  const { rest } = withLog(space, { compression: "zstd" });
  space.configure({ output, rest: { ...rest, parser: { type: "json" }, transforms } });
  const writer = new LineWriter("w");
  const load = space.load(3000, (lines) => appendJson(space.log(), writer, lines));
  await killRepeatedly(space);
  await load.stop();
  await space.once();
  assertDelivered(new DeliveredMessages(delivered).bytes(), [writer]);
}, ONCE);

scenario(
  "agent acknowledges what its log has while the destination is away, and delivers it after a restart",
  async (space) => {
    const { output } = space.fileOutput("sub/all.log");
    // Where the directory should be there is a file: nothing can be written.
    Deno.writeTextFileSync(space.path("out", "sub"), "");
    const { rest } = withLog(space);
    const reliability = { retry: { initial_backoff: "20ms", max_backoff: "100ms" } };
    space.configure({ output, rest: { ...rest, reliability } });
    const writer = new LineWriter("w");
    writer.append(space.log(), 1000);
    const first = space.start();
    await first.untilLog(/Cannot (send|open)/);
    // All of it is safe: the file itself may go.
    await first.until("the acknowledgement", async () => {
      // The log holds back what comes too often.
      await pause(200);
      first.signal("SIGUSR2");
      return first.log.some(({ fields }) => fields["lines_delivered"] === 1000);
    });
    await first.kill();
    Deno.removeSync(space.log());
    Deno.removeSync(space.path("out", "sub"));
    const { delivered } = space.fileOutput("sub/all.log");
    const second = space.start();
    await space.untilDelivered(second, [writer], delivered);
    await second.terminate();
    assertDelivered(delivered.bytes(), [writer]);
    assert.ok(second.log.some(({ message }) => /^Found 1000 records in /.test(message)));
  },
  ONCE,
);
