import assert from "node:assert/strict";
import { LineWriter } from "../support/line_writer.ts";
import { peakMemory } from "../support/machine.ts";
import { LONG, scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";

const LINES_PER_SECOND = 6_000;
const WARM_UP_SECONDS = 8;
/** The runtime compiles what is called some thousand times: what it keeps by mistake, it keeps from then on. */
const SECONDS = LONG ? 300 : 48;
/** In MiB. Measured were 3 to 4; all that is written meanwhile is more than five times the bound. */
const MOST_GROWTH = 10;

scenario("agent needs no more memory for small writes that go on and on", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const agent = space.start();
  const writer = new LineWriter("steady", { minimum: 200, maximum: 260 });
  const path = space.log("steady.log");
  const load = space.load(LINES_PER_SECOND, (lines) => writer.append(path, lines));
  await pause(WARM_UP_SECONDS * 1000);
  const before = peakMemory(agent.pid);
  await pause((SECONDS - WARM_UP_SECONDS) * 1000);
  await load.stop();
  const grown = (peakMemory(agent.pid) - before) / (1 << 20);
  assert.ok(grown < MOST_GROWTH, `the agent grew by ${grown.toFixed(1)} MiB`);
  await space.complete(agent, [writer], { delivered });
}, { ways: "watching", needs: () => Deno.build.os === "linux" });
