import assert from "node:assert/strict";
import type { Outcome } from "../../src/acknowledgement.ts";
import { Lead } from "../../src/delivery/lead.ts";
import { Leads } from "../../src/delivery/leads.ts";
import { rawBatch, turn } from "../support/pipeline.ts";

function lineOf(name: string, durable = false) {
  return { name, buffer: { durable }, lead: new Lead(name) };
}

type Line = ReturnType<typeof lineOf>;

/** What lines have of the only stream, by name. */
function leadsOf(lines: readonly Line[]): Record<string, readonly number[]> {
  return Object.fromEntries(
    lines.map(({ name, lead }) => [name, (lead.of("s") ?? []).flatMap(({ from, until }) => [from, until])]),
  );
}

/** A batch of five bytes at an offset. */
const at = (offset: number) => rawBatch(["ab\n", "c\n"], { origin: { id: "s", offset } });

/** Follows a batch with parcels for these lines; `settle`: what its input is told. */
function follow(leads: Leads, lines: readonly Line[], offset: number, receivers: readonly Line[]) {
  const follower = leads.followerOf(lines, at(offset), receivers.map((line) => ({ line })))!;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  follower.follow(promise);
  const settle = async (outcome: Outcome) => {
    resolve(outcome);
    await turn();
  };
  return { follower, settle };
}

Deno.test("Leads follows nothing where no output can be ahead of another", () => {
  const [only, other, durable] = [lineOf("only"), lineOf("other"), lineOf("durable", true)];
  const leads = new Leads(() => []);
  const isFollowed = (lines: readonly Line[], raw = at(0)) => leads.followerOf(lines, raw, []) !== undefined;
  assert.equal(isFollowed([only]), false);
  assert.equal(isFollowed([durable, durable]), false);
  assert.equal(isFollowed([only, other], rawBatch(["a\n"])), false, "nothing tells records apart");
  assert.equal(isFollowed([only, other]), true);
  assert.equal(isFollowed([only, durable]), true);
  assert.equal(isFollowed([only]), true, "it is ahead from before");
});

Deno.test("Leads lets an output be ahead once it has all of a batch, until the position has passed that", async () => {
  const [file, server, log] = [lineOf("file"), lineOf("server"), lineOf("log", true)];
  const lines = [file, server, log];
  const leads = new Leads(() => lines);
  const first = follow(leads, lines, 0, [file, file, server, log]);
  first.follower.wrote(0, "delivered");
  first.follower.wrote(3, "delivered");
  assert.deepEqual(leadsOf(lines), { file: [], server: [], log: [] });
  first.follower.wrote(1, "discarded");
  assert.deepEqual(leadsOf(lines), { file: [0, 5], server: [], log: [] });
  // The file takes nothing of the second, so it lacks nothing.
  const second = follow(leads, lines, 5, [server]);
  second.follower.wrote(0, "delivered");
  assert.deepEqual(leadsOf(lines), { file: [0, 10], server: [5, 10], log: [] });
  await second.settle("delivered");
  assert.deepEqual(
    leadsOf(lines),
    { file: [0, 10], server: [5, 10], log: [] },
    "the first holds the position",
  );
  first.follower.wrote(2, "delivered");
  await first.settle("delivered");
  assert.deepEqual(leadsOf(lines), { file: [], server: [], log: [] });
});

Deno.test("Leads keeps what an output has of a batch that failed, until it has come again", async () => {
  const lines = [lineOf("file"), lineOf("server")];
  const [file, server] = lines;
  const leads = new Leads(() => lines);
  const first = follow(leads, lines, 0, [file!, server!]);
  const second = follow(leads, lines, 5, [file!, server!]);
  for (const { follower, settle } of [first, second]) {
    follower.wrote(0, "delivered");
    follower.wrote(1, "failed");
    await settle("failed");
  }
  assert.deepEqual(leadsOf(lines), { file: [0, 10], server: [] });
  const again = follow(leads, lines, 0, [server!]);
  again.follower.wrote(0, "delivered");
  await again.settle("delivered");
  assert.deepEqual(leadsOf(lines), { file: [5, 10], server: [] });
});

Deno.test("Leads does not follow an optional output that the position has not waited for", async () => {
  const lines = [lineOf("file"), lineOf("optional")];
  const leads = new Leads(() => lines);
  const { follower, settle } = follow(leads, lines, 0, lines);
  follower.wrote(0, "delivered");
  await settle("delivered");
  follower.wrote(1, "delivered");
  assert.deepEqual(leadsOf(lines), { file: [], optional: [] });
});
