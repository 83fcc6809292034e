import { FaultyHttp, numbersIn } from "../support/faulty_destination.ts";
import type { Behaviour, Reply } from "../support/http_destination.ts";
import { Ordeal } from "../support/ordeal.ts";
import { LONG, scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const KILLS = LONG ? 20 : 5;
const LINES_PER_SECOND = 800;

/** Each kind of trouble again and again, with success between them; a number: the answer comes after so many ms. */
const TROUBLE: readonly (Reply & { readonly late?: number })[] = [
  {},
  { status: 503 },
  { cut: "before", keep: true },
  { hang: true },
  {},
  { late: 300 },
  { status: 500, cut: "within", keep: true },
  {},
  { status: 429, headers: { "retry-after": "1" } },
  { cut: "within" },
  { late: 100 },
  { status: 502, keep: true },
];

const inTurn: Behaviour = async (request, number) => {
  const { late, ...reply } = TROUBLE[number % TROUBLE.length]!;
  if (late !== undefined) await pause(late);
  const numbers = (reply.status ?? 200) === 200 && reply.hang !== true && reply.cut === undefined
    ? numbersIn(request)
    : [];
  if (numbers.every((n) => n % 61 !== 0)) return reply;
  return { status: numbers.length > 1 ? 413 : 422 };
};

async function killRepeatedly(space: Workspace, isDurable: boolean): Promise<void> {
  await using destination = new FaultyHttp(inTurn);
  const remote = { fault: { refuses: true }, destination, keys: { concurrency: 4 } };
  const ordeal = new Ordeal(space, { trials: { remote }, isDurable });
  await ordeal.agent.untilLog(/"Started"/);
  await destination.misbehave();
  const load = space.load(LINES_PER_SECOND, (lines) => ordeal.write(lines));
  for (let kill = 0; kill < KILLS; kill++) {
    if (kill > 0) await ordeal.start();
    // One of five is killed before it has sent anything, or just then; one while nobody listens.
    if (kill % 5 === 3) await destination.close();
    else if (kill % 5 !== 1) await ordeal.untilMet();
    await pause(600 * Math.random());
    await ordeal.kill();
    if (kill % 5 === 3) destination.open();
  }
  await load.stop();
  await ordeal.start();
  await destination.recover();
  await ordeal.complete();
}

for (const isDurable of [false, true]) {
  scenario(
    `agent killed again and again while its destination fails in every way delivers all, with ${
      isDurable ? "a log" : "a buffer in memory"
    }`,
    (space) => killRepeatedly(space, isDurable),
    { ways: "watching" },
  );
}
