import assert from "node:assert/strict";
import { FAULTS } from "../support/faults.ts";
import { BATCH, Ordeal } from "../support/ordeal.ts";
import { LONG } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import { Workspace } from "../support/workspace.ts";

/** How long destinations misbehave once all has been tried, in ms. */
const OUTAGE = LONG ? 30_000 : 2_000;

for (const isDurable of [false, true]) {
  const buffer = isDurable ? "a log" : "buffers in memory";
  /**
   * A reload, a stop and a kill while each destination misbehaves in its way; then they recover, and all must come by
   * itself. Copies may come of the one request that was under way when the sending ended, and of what was not noted
   * before the kill.
   */
  Deno.test(`agent with ${buffer} is reloaded, stopped, killed, and delivers all to a destination that`, async (t) => {
    await using space = await Workspace.create();
    await using destinations = new AsyncDisposableStack();
    const trials = Object.fromEntries(
      FAULTS.map(({ destination, ...fault }, index) =>
        [`fault${index}`, { fault, destination: destinations.use(destination()) }] as const
      ),
    );
    const ordeal = new Ordeal(space, { trials, isDurable });
    const allowRequests = () => {
      for (const [index, { keeps }] of FAULTS.entries()) if (keeps) ordeal.trials[index]!.allowed += BATCH;
    };
    ordeal.write();
    await ordeal.misbehave();
    const load = space.load(20, (lines) => ordeal.write(lines));
    ordeal.write();
    await ordeal.untilMet();
    // Half of them get other transforms, the others another output; with a log it is the other way round.
    const changes = (index: number) => (index % 2 === 0) === isDurable ? "transforms" : "output";
    for (const [index, { versions }] of ordeal.trials.entries()) versions[changes(index)] = "2";
    await ordeal.reload();
    allowRequests();
    const reloadedAt = ordeal.trials.map(({ writer }) => writer.written);
    ordeal.write();
    await ordeal.untilMet();
    await ordeal.stop();
    allowRequests();

    await ordeal.start();
    ordeal.write();
    await ordeal.untilMet();
    await ordeal.kill();

    await ordeal.start();
    ordeal.write();
    await ordeal.untilMet();
    await pause(OUTAGE);
    await load.stop();
    await ordeal.recover();
    await ordeal.end();
    for (const [index, { name }] of FAULTS.entries()) {
      await t.step(name, async () => {
        const trial = ordeal.trials[index]!;
        await trial.judge();
        for (const { n, ...versions } of await trial.arrivals()) {
          const isOld = n > reloadedAt[index]! && versions[changes(index)] === "1";
          assert.ok(!isOld, `record ${n} is as before the reload`);
        }
      });
    }
    await space.verify();
  });
}
