import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import type { AgentProcess } from "../support/agent_process.ts";
import type { Block, Workspace } from "../support/workspace.ts";

/** What the output has beside its path, and the sections beside it. */
interface Version {
  readonly output?: Block;
  readonly rest?: Block;
}

const ONCE = { ways: "watching" } as const;

/** An output that has a log, or none. */
function version(space: Workspace, buffer: "memory" | "log", directory = "wal"): Version {
  return buffer === "log"
    ? { rest: { wal: { enabled: true, dir: space.path(directory), sync_interval: "10ms" } } }
    : {};
}

function start(space: Workspace): AgentProcess {
  return space.start({ args: ["--keep-permissions"] });
}

/** One configuration after the other. */
const CHANGES: Readonly<Record<string, (space: Workspace) => readonly Version[]>> = {
  "gets a log and loses it": (space) =>
    (["memory", "log", "memory", "log", "memory"] as const).map((buffer) => version(space, buffer)),
  "gets another name and its old one": () =>
    ["one", "other", "one"].map((name) => ({ output: { name }, rest: {} })),
  "has a log, gets another name and its old one": (space) =>
    ["one", "other", "one"].map((name) => ({ ...version(space, "log"), output: { name } })),
  "gets a log in another directory and its old one": (space) =>
    ["one", "other", "one"].map((directory) => version(space, "log", directory)),
};

for (const [change, versions] of Object.entries(CHANGES)) {
  for (const way of ["a restart", "a reload"]) {
    scenario(
      `agent whose output ${change} again, each time by ${way}, leaves each line once in its file`,
      async (space) => {
        const { output, delivered } = space.fileOutput();
        const writer = new LineWriter("w");
        let agent: AgentProcess | undefined;
        for (const { output: keys, rest = {} } of versions(space)) {
          space.configure({ output: { ...output, ...keys }, rest });
          if (agent !== undefined && way === "a reload") {
            const reloads = agent.log.filter(({ message }) => message === "Reloaded").length;
            agent.hangUp();
            await agent.untilLog(/"Reloaded"/, { skip: reloads });
          } else {
            await agent?.terminate();
            agent = start(space);
          }
          writer.append(space.log(), 100);
          await space.untilDelivered(agent, [writer], delivered);
        }
        await agent?.kill();
        await space.once();
        assertDelivered(delivered.bytes(), [writer]);
      },
      ONCE,
    );
  }
}

/** Every sequence of four of memory (m) and log (l) is in it, one after the other. */
const ALL_OF_FOUR = "mlmllmmmmllllmlmmlm";

function buffersOf(sequence: string): ("memory" | "log")[] {
  return [...sequence].map((letter) => letter === "m" ? "memory" : "log");
}

scenario(
  "agent whose output gets and loses a log in any order, by restarts, leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    const writer = new LineWriter("w");
    for (const buffer of buffersOf(ALL_OF_FOUR)) {
      space.configure({ output, ...version(space, buffer) });
      const agent = start(space);
      writer.append(space.log(), 50);
      await space.untilDelivered(agent, [writer], delivered);
      await agent.terminate();
    }
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
  ONCE,
);

scenario(
  "agent that is killed while it delivers, and whose output gets and loses a log meanwhile, loses no line",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    const writer = new LineWriter("w");
    for (const buffer of buffersOf("mlmlmmll")) {
      space.configure({ output, ...version(space, buffer) });
      const agent = start(space);
      writer.append(space.log(), 50);
      await space.untilDelivered(agent, [writer], delivered);
      const before = delivered.lines;
      writer.append(space.log(), 500);
      await agent.until("more lines", () => delivered.lines > before);
      await agent.kill();
    }
    space.configure({ output, ...version(space, "log") });
    await space.once();
    // What was delivered from a log and not saved there, or read and in the log already, comes once more.
    assertDelivered(delivered.bytes(), [writer], { duplicates: Infinity, disorder: true });
  },
  ONCE,
);

scenario(
  "agent that is killed and whose output has a log from then on leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    const writer = new LineWriter("w");
    for (const buffer of buffersOf("mmlll")) {
      space.configure({ output, ...version(space, buffer) });
      const brief = start(space);
      await brief.untilLog(/"Started"/);
      await brief.kill();
      const agent = start(space);
      for (let part = 0; part < 3; part++) {
        writer.append(space.log(), 100);
        await space.untilDelivered(agent, [writer], delivered);
      }
      const before = delivered.lines;
      writer.append(space.log(), 500);
      await agent.until("more lines", () => delivered.lines > before);
      await agent.kill();
    }
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
  ONCE,
);

scenario(
  "agent whose log kept records while it had none delivers them once it has it again, each line once",
  async (space) => {
    const { output, delivered } = space.fileOutput("sub/all.log");
    const writer = new LineWriter("w");
    const run = async (buffer: "memory" | "log", isThere: boolean) => {
      space.configure({ output, rest: { ...version(space, buffer).rest, shutdown_timeout: "1s" } });
      const directory = space.path("out", "sub");
      if (!isThere) {
        // A file in the place of the directory: what comes waits in the log.
        Deno.renameSync(directory, `${directory}.away`);
        Deno.writeTextFileSync(directory, "");
      }
      const agent = start(space);
      writer.append(space.log(), 100);
      if (isThere) await agent.until("the lines that can be there", () => delivered.lines >= expected());
      else await agent.untilLog(/Cannot open output/);
      await agent.terminate();
      if (!isThere) {
        Deno.removeSync(directory);
        Deno.renameSync(`${directory}.away`, directory);
      }
    };
    let waiting = 0;
    const expected = () => writer.written - waiting;
    await run("memory", true);
    await run("log", true);
    await run("log", false);
    waiting = 100;
    await run("memory", true);
    waiting = 0;
    await run("log", true);
    await run("memory", true);
    assertDelivered(delivered.bytes(), [writer], { disorder: true });
  },
  ONCE,
);
