import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson } from "../../support/event_lines.ts";
import { LineWriter } from "../../support/line_writer.ts";
import { judge, type Verdict } from "../../support/oracle.ts";
import { savedLines } from "../../support/saved_lines.ts";
import type { Workspace } from "../../support/workspace.ts";

/** What happens while records are delivered to a server. */
export interface HardTimes {
  readonly space: Workspace;
  readonly records: number;
  /** Restarts the server, by force where that is meant. */
  readonly restart: () => Promise<void>;
  /** How many records, copies included, the server has about now; cheap. */
  readonly arrived: () => number | Promise<number>;
  /** The messages that the server has, read by another client, once nothing more comes. */
  readonly messages: () => Promise<readonly string[]>;
}

const PARTS = 50;

/** What the server has, and how many records the killed agents may have delivered without a position behind them saved. */
export type HardVerdict = Verdict & { readonly unsaved: number };

/**
 * Delivers records, which are lines of JSON, while the agent is killed twice and the server is restarted between, then judges what the server
 * has: every line must be there. Returns the verdict, whose doubles the test judges.
 */
export async function deliverInHardTimes(times: HardTimes): Promise<HardVerdict> {
  const { space, records, restart, arrived } = times;
  const writer = new LineWriter("w");
  const part = Math.ceil(records / PARTS);
  const write = () => appendJson(space.log(), writer, part);
  const started = performance.now();
  let agent = space.start();
  let unsaved = 0;
  for (let number = 0; number < PARTS; number++) {
    write();
    const share = Math.floor(part * number * 0.9);
    if (number === 10 || number === 35) {
      await agent.until(`${share} records`, async () => await arrived() >= share, { within: 60_000 });
      write();
      await agent.kill();
      unsaved += writer.written - await savedLines(space);
      agent = space.start();
    } else if (number === 22) {
      await agent.until(`${share} records`, async () => await arrived() >= share, { within: 60_000 });
      write();
      await restart();
    }
  }
  await agent.until("all records", async () => await arrived() >= writer.written, { within: 120_000 });
  const { code } = await agent.terminate();
  assert.equal(code, 0, `the agent ended with code ${code}; stderr:\n${agent.tail()}`);
  const seconds = (performance.now() - started) / 1000;
  // Each character of a message stands for a byte of the line.
  const lines = (await times.messages()).map((message) => `${message}\n`).join("");
  const verdict = judge(Buffer.from(lines, "latin1"), [writer]);
  console.log(
    `    ${writer.written} records in ${seconds.toFixed(1)} s: ${
      missing(verdict)
    } missing, ${verdict.duplicates} doubles of ${unsaved} not saved`,
  );
  assert.deepEqual(verdict.invented.slice(0, 3), []);
  assert.deepEqual(verdict.corrupted.slice(0, 3), []);
  return { ...verdict, unsaved };
}

/** How many records never arrived. */
export function missing({ lost }: Verdict): number {
  return [...lost.values()].reduce((sum, list) => sum + list.length, 0);
}
