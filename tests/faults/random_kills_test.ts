import { drawRound, endureRound } from "../support/kill_round.ts";
import { LONG, scenario } from "../support/scenario.ts";

const ROUNDS = LONG ? 60 : 3;
const FIRST_SEED = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 1e6));

for (let round = 0; round < ROUNDS; round++) {
  const drawn = drawRound(FIRST_SEED + round);
  // SEED=… starts with that round; what happens when still depends on the machine.
  scenario(
    `agent endures what is drawn by chance: ${JSON.stringify(drawn)}`,
    (space) => endureRound(space, drawn),
    {
      ways: "watching",
    },
  );
}
