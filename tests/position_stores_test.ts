import assert from "node:assert/strict";
import fc from "fast-check";
import { isOwnState, periodOf } from "../src/delivery/logged_state.ts";
import { Life, type Setup, stateIn, World } from "./support/output_life.ts";
import { turn } from "./support/pipeline.ts";

/** What an agent does, one after the other. */
type Step =
  | { readonly kind: "offer"; readonly input: 0 | 1; readonly count: number }
  | { readonly kind: "send" | "turn" | "saveCursor" }
  | { readonly kind: "flush"; readonly store: 0 | 1 };

/** A process from its start to its end. */
interface Process extends Setup {
  /** How many steps of the start it takes; then the other steps. */
  readonly started: number;
  /** Checkpoints cannot be saved until it has started. */
  readonly failsAtFirst: boolean;
  readonly early: readonly Step[];
  readonly steps: readonly Step[];
  readonly end: "kill" | "stop";
}

const STARTED = 5;

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("offer" as const),
      input: fc.constantFrom(0, 1),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("send", "send", "turn", "saveCursor") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("flush" as const), store: fc.constantFrom(0, 1) }) },
);

function anyProcess(inputs: fc.Arbitrary<1 | 2>, end: fc.Arbitrary<"kill" | "stop">): fc.Arbitrary<Process> {
  return fc.record({
    buffer: fc.constantFrom("memory", "a", "b"),
    inputs,
    started: fc.oneof({ weight: 4, arbitrary: fc.constant(STARTED) }, fc.nat({ max: STARTED })),
    failsAtFirst: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    early: fc.array(anyStep, { maxLength: 4 }),
    steps: fc.array(anyStep, { maxLength: 20 }),
    end,
  });
}

async function take(life: Life, step: Step): Promise<void> {
  if (step.kind === "offer") life.offer(step.input, step.count);
  else if (step.kind === "send") await life.send();
  else if (step.kind === "saveCursor") await life.saveCursor();
  else if (step.kind === "flush") await life.flush(step.store).catch(() => {});
  else await turn();
}

async function live(world: World, process: Process): Promise<void> {
  const life = new Life(world, process);
  const starting = life.starting(true);
  for (let index = 0; index < process.started; index++) {
    // The log is open and takes records, while the output is not open yet.
    if (index === 3 && process.buffer !== "memory") {
      life.failToSave(process.failsAtFirst);
      for (const step of process.early) await take(life, step);
    }
    if (index < STARTED - 1) await starting[index]?.();
    else await starting[index]?.().catch((error: Error) => assert.match(error.message, /disk full/));
  }
  life.failToSave(false);
  if (process.started > 2) { for (const step of process.steps) await take(life, step); }
  if (process.end === "kill") life.kill();
  else await life.stop();
}

/** Has everything delivered that is in the logs or can be read. */
async function drain(world: World, inputs: 1 | 2 = 2): Promise<void> {
  for (const buffer of ["a", "b", "memory"] as const) {
    const life = new Life(world, { buffer, inputs });
    for (const step of life.starting(true)) await step();
    life.offerAll();
    while (await life.send());
    await life.stop();
  }
}

/** A process that does these steps. */
async function run(
  world: World,
  setup: Setup,
  steps: readonly Step[],
  more: { readonly started?: number; readonly end?: "kill" | "stop"; readonly early?: readonly Step[] } = {},
): Promise<void> {
  const { started = STARTED, end = "stop", early = [] } = more;
  await live(world, { ...setup, started, failsAtFirst: false, early, steps, end });
}

function offer(count: number, input: 0 | 1 = 0): Step {
  return { kind: "offer", input, count };
}

const SEND: Step = { kind: "send" };
const TURN: Step = { kind: "turn" };
const flush = (store: 0 | 1): Step => ({ kind: "flush", store });
const MEMORY: Setup = { buffer: "memory", inputs: 1 };
const LOG: Setup = { buffer: "a", inputs: 1 };

/** How often each record of the inputs is in the file. */
function copies(world: World): number[] {
  return world.written.flatMap((written, input) =>
    Array.from(
      { length: written },
      (_, number) => world.file.filter((record) => record === `${input}:${number}`).length,
    )
  );
}

Deno.test("No record is lost, whatever logs an output has, loses and gets back, and wherever it is killed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyProcess(fc.constantFrom(1, 2), fc.constantFrom("kill", "stop")), { maxLength: 6 }),
      async (processes) => {
        const world = new World();
        for (const process of processes) await live(world, process);
        await drain(world);
        assert.ok(copies(world).every((count) => count > 0), JSON.stringify(world.file));
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("Without a kill no record comes twice, whatever logs an output has, loses and gets back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyProcess(fc.constantFrom(1, 2), fc.constant("stop")), { maxLength: 6 }),
      async (processes) => {
        const world = new World();
        for (const process of processes) await live(world, process);
        await drain(world);
        assert.ok(copies(world).every((count) => count === 1), JSON.stringify(world.file));
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("A kill doubles no record where an output keeps what it has, or gets a log", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyProcess(fc.constant(1), fc.constant("kill")), { maxLength: 4 }),
      fc.array(anyProcess(fc.constant(1), fc.constant("kill")), { maxLength: 4 }),
      async (first, second) => {
        const world = new World();
        for (const process of first) await live(world, { ...process, buffer: "memory" });
        for (const process of second) await live(world, { ...process, buffer: "a" });
        await drain(world, 1);
        assert.ok(copies(world).every((count) => count === 1), JSON.stringify(world.file));
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("What others wrote behind a log's state is cut off only where all stores say that it still counts", async () => {
  const one = "/one", two = "/two";
  const cases: readonly [setup: Setup, change: (world: World) => void, isCut: boolean][] = [
    [LOG, () => {}, true],
    [{ ...LOG, inputs: 2 }, () => {}, true],
    [LOG, (world) => stateIn(world, one, { log: "another" }), false],
    [LOG, (world) => stateIn(world, one, undefined), false],
    [{ ...LOG, inputs: 2 }, (world) => stateIn(world, two, { log: "another" }), false],
    [{ ...LOG, inputs: 2 }, (world) => stateIn(world, two, undefined), false],
    // It may not know of what came after the snapshot.
    [LOG, (world) => world.condition = "restored", false],
    // The output had no log meanwhile.
    [LOG, (world) => stateIn(world, one, { length: 3 }), true],
    [LOG, (world) => stateIn(world, one, { length: 4 }), false],
    [{ ...LOG, inputs: 2 }, (world) => stateIn(world, one, { length: 3 }), false],
  ];
  for (const [index, [setup, change, isCut]] of cases.entries()) {
    const world = new World();
    await run(world, setup, [offer(3), SEND]);
    world.file.push("behind");
    change(world);
    await run(world, setup, []);
    assert.deepEqual(world.file, ["0:0", "0:1", "0:2", ...isCut ? [] : ["behind"]], `case ${index}`);
    assert.ok(periodOf(stateIn(world, one)) !== undefined);
  }
});

Deno.test("A store has the state of an output without a log until its log has it", async () => {
  const world = new World();
  await run(world, MEMORY, [offer(2), SEND]);
  const own = stateIn(world, "/one");
  assert.ok(isOwnState(own));
  // The output cannot be opened; the input's position moves on.
  await run(world, LOG, [], { started: 3, early: [offer(2), TURN] });
  await run(world, LOG, [offer(2), TURN, flush(0)], { started: 3, end: "kill" });
  const meanwhile = stateIn(world, "/one");
  assert.deepEqual(meanwhile, { ...own, log: "" });
  assert.ok(!isOwnState(meanwhile) && periodOf(meanwhile) === undefined);
  await run(world, LOG, [SEND, SEND]);
  assert.ok(periodOf(stateIn(world, "/one")) !== undefined);
  assert.deepEqual(world.file, ["0:0", "0:1", "0:2", "0:3"]);
});

Deno.test("An output that loses a log before that has its state cuts off nothing that went to the log", async () => {
  const world = new World();
  await run(world, MEMORY, [offer(2), SEND, flush(0), offer(2), SEND], { end: "kill" });
  assert.equal(world.file.length, 4);
  await run(world, LOG, [offer(2), TURN, flush(0)], { started: 3, end: "kill" });
  await run(world, MEMORY, [offer(1), SEND]);
  assert.deepEqual(world.file, ["0:0", "0:1", "0:2", "0:3", "0:4"]);
});

Deno.test("An output that keeps no state sends nothing while a store still names a log", async () => {
  const world = new World();
  await run(world, LOG, [offer(2), SEND]);
  // What the second store saves is not read again.
  await run(world, { buffer: "memory", inputs: 2 }, [offer(2, 1), SEND, TURN, flush(1)], { end: "kill" });
  await run(world, LOG, []);
  await drain(world);
  assert.ok(copies(world).every((count) => count > 0), JSON.stringify(world.file));
});
