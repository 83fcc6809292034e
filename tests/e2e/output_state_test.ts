import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import type { AgentProcess } from "../support/agent_process.ts";
import type { Block, Workspace } from "../support/workspace.ts";

/** What the output has beside its path, in one configuration after the other, and the sections beside it. */
const CHANGES: Readonly<Record<string, (space: Workspace) => readonly { output: Block; rest: Block }[]>> = {
  "gets a log and loses it": (space) => {
    const wal = { enabled: true, dir: space.path("wal") };
    return [{}, { wal }, {}].map((rest) => ({ output: {}, rest }));
  },
  "gets another name and its old one": () =>
    ["one", "other", "one"].map((name) => ({ output: { name }, rest: {} })),
};

for (const [change, versions] of Object.entries(CHANGES)) {
  for (const way of ["a restart", "a reload"]) {
    scenario(
      `agent whose output ${change} again, each time by ${way}, leaves each line once in its file`,
      async (space) => {
        const { output, delivered } = space.fileOutput();
        const writer = new LineWriter("w");
        let agent: AgentProcess | undefined;
        for (const { output: keys, rest } of versions(space)) {
          space.configure({ output: { ...output, ...keys }, rest });
          if (agent !== undefined && way === "a reload") {
            const reloads = agent.log.filter(({ message }) => message === "Reloaded").length;
            agent.hangUp();
            await agent.untilLog(/"Reloaded"/, { skip: reloads });
          } else {
            await agent?.terminate();
            agent = space.start({ args: ["--keep-permissions"] });
          }
          writer.append(space.log(), 100);
          await space.untilDelivered(agent, [writer], delivered);
        }
        await agent?.kill();
        await space.once();
        assertDelivered(delivered.bytes(), [writer]);
      },
      { ways: "watching" },
    );
  }
}
