import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendBytes } from "../support/line_writer.ts";
import { copyAndTruncate, HeldLog, renameAndCreate } from "../support/rotator.ts";
import { LONG, scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import type { Block, Workspace } from "../support/workspace.ts";

/** Makes records of one to five lines; every line tells to which record it belongs. */
class RecordWriter {
  written = 0;

  /** The lines of the next record: `record 7 1/3 …`, then indented ones. */
  lines(): string[] {
    const sequence = ++this.written;
    const count = 1 + (sequence * 7919) % 5;
    return Array.from(
      { length: count },
      (_, index) =>
        `${index === 0 ? "" : "  "}record ${sequence} ${index + 1}/${count} ${
          "x".repeat((sequence * 31) % 90)
        }\n`,
    );
  }

  /** Whole records. */
  records(count: number): Uint8Array {
    return Buffer.from(Array.from({ length: count }, () => this.lines().join("")).join(""));
  }
}

const LINE = /^(?: {2})?record (\d+) (\d+)\/(\d+) x*$/;

interface Part {
  readonly sequence: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** What an output wrote as event JSON, as parts of records; fails for lines that do not belong together. */
function partsOf(bytes: Uint8Array): Part[] {
  return Buffer.from(bytes).toString().split("\n").slice(0, -1).map((event) => {
    const { message } = JSON.parse(event) as { message: string };
    const lines = message.split("\n").map((line) => {
      const match = LINE.exec(line);
      assert.ok(match, `"${line}" is no line of a record`);
      return match.slice(1).map(Number) as [number, number, number];
    });
    const [sequence, first, count] = lines[0]!;
    lines.forEach((line, index) =>
      assert.deepEqual(line, [sequence, first + index, count], "merged wrongly")
    );
    return { sequence, first, last: first + lines.length - 1, count };
  });
}

/** Every line of every record arrived once and in order; `torn`: so many records may have come in two parts. */
function assertRecords(bytes: Uint8Array, writer: RecordWriter, torn = 0): void {
  const parts = partsOf(bytes);
  let sequence = 0, next = 1, count = 0, extra = 0;
  for (const part of parts) {
    if (next > count) {
      assert.deepEqual([part.sequence, part.first], [sequence + 1, 1], `after record ${sequence}`);
    } else {
      assert.deepEqual([part.sequence, part.first], [sequence, next], `in record ${sequence}`);
      extra++;
    }
    ({ sequence, count } = part);
    next = part.last + 1;
  }
  assert.deepEqual([sequence, next], [writer.written, count + 1], "the end");
  assert.ok(extra <= torn, `${extra} records came in parts, ${torn} may`);
}

const PARSER = { type: "multiline", multiline: { pattern: "^\\s", timeout: "60s" } };

/** Event JSON on stdout, or in a file. */
function configure(space: Workspace, keys: { multiline?: Block; output?: Block; files?: Block } = {}): void {
  space.configure({
    files: { parser: { ...PARSER, multiline: { ...PARSER.multiline, ...keys.multiline } }, ...keys.files },
    output: keys.output ?? { type: "stdout", encoding: "json" },
  });
}

function untilArrived(
  agent: ReturnType<Workspace["start"]>,
  delivered: { bytes(): Uint8Array },
  sequence: number,
): Promise<unknown> {
  return agent.until(
    `record ${sequence}`,
    () => Buffer.from(delivered.bytes()).includes(`record ${sequence} `),
  );
}

scenario(
  "agent joins lines to records, however they are written, and delivers the last one after a quiet time",
  async (space) => {
    configure(space, { multiline: { timeout: "700ms" } });
    const writer = new RecordWriter();
    using log = new HeldLog(space.log());
    log.writeBytes(writer.records(100));
    const agent = space.start();
    for (let round = 0; round < 20; round++) {
      const bytes = writer.records(3);
      for (let at = 0; at < bytes.length; at += 77) {
        log.writeBytes(bytes.subarray(at, at + 77));
        await pause(2);
      }
    }
    await untilArrived(agent, agent.stdout, writer.written);
    await agent.terminate();
    assertRecords(agent.stdout.bytes(), writer);
  },
);

scenario("agent delivers the last record with --once, and goes on behind it", async (space) => {
  configure(space);
  const writer = new RecordWriter();
  appendBytes(space.log(), writer.records(50));
  const first = await space.once();
  appendBytes(space.log(), writer.records(50));
  const second = await space.once();
  assertRecords(Buffer.concat([first.stdout.bytes(), second.stdout.bytes()]), writer);
}, { ways: "watching" });

scenario("agent lets an unfinished record wait over a restart", async (space) => {
  configure(space);
  const writer = new RecordWriter();
  appendBytes(space.log(), writer.records(20));
  const [head = "", ...rest] = recordOf(writer, 4);
  appendBytes(space.log(), Buffer.from(head));
  const agent = space.start();
  await untilArrived(agent, agent.stdout, writer.written - 1);
  await agent.terminate();
  appendBytes(space.log(), Buffer.from(rest.join("")));
  const second = await space.once();
  assertRecords(Buffer.concat([agent.stdout.bytes(), second.stdout.bytes()]), writer);
});

scenario("agent merges nothing when a file is renamed in the middle of a record", async (space) => {
  configure(space);
  const writer = new RecordWriter();
  using log = new HeldLog(space.log());
  log.writeBytes(writer.records(20));
  const agent = space.start();
  for (let rotation = 1; rotation <= 4; rotation++) {
    const [head = "", second = "", ...rest] = recordOf(writer, 4);
    log.writeBytes(Buffer.from(head + second));
    await untilArrived(agent, agent.stdout, writer.written - 1);
    renameAndCreate(space.log());
    if (rotation % 2 === 0) await pause(300);
    log.reopen();
    log.writeBytes(Buffer.from(rest.join("")));
    log.writeBytes(writer.records(10));
    await untilArrived(agent, agent.stdout, writer.written - 1);
  }
  // Nothing ends the last record.
  await agent.terminate();
  const last = await space.once();
  assertRecords(Buffer.concat([agent.stdout.bytes(), last.stdout.bytes()]), writer, 4);
});

scenario("agent waits for the rest of a record that is written to a renamed file", async (space) => {
  configure(space);
  const writer = new RecordWriter();
  using log = new HeldLog(space.log());
  log.writeBytes(writer.records(20));
  const agent = space.start();
  const [head = "", ...rest] = recordOf(writer, 4);
  log.writeBytes(Buffer.from(head));
  await untilArrived(agent, agent.stdout, writer.written - 1);
  renameAndCreate(space.log());
  await pause(400);
  log.writeBytes(Buffer.from(rest.join("")));
  await pause(400);
  log.reopen();
  log.writeBytes(writer.records(10));
  await untilArrived(agent, agent.stdout, writer.written - 1);
  await agent.terminate();
  const last = await space.once();
  assertRecords(Buffer.concat([agent.stdout.bytes(), last.stdout.bytes()]), writer);
});

scenario(
  "agent reads the rest of a record from the copy when the file is copied and emptied",
  async (space) => {
    configure(space);
    const writer = new RecordWriter();
    using log = new HeldLog(space.log());
    log.writeBytes(writer.records(30));
    const agent = space.start();
    for (let rotation = 1; rotation <= 4; rotation++) {
      const [head = "", ...rest] = recordOf(writer, 4);
      log.writeBytes(Buffer.from(head));
      await untilArrived(agent, agent.stdout, writer.written - 1);
      agent.freeze();
      // In the end the record stands in the copy, half of it, or all but its last line.
      const inCopy = rotation % 3 === 0 ? rest : rest.slice(0, rotation % 3);
      log.writeBytes(Buffer.from(inCopy.join("")));
      copyAndTruncate(space.log(), { compress: rotation === 4 });
      log.writeBytes(Buffer.from(rest.slice(inCopy.length).join("")));
      log.writeBytes(writer.records(10));
      agent.thaw();
      await untilArrived(agent, agent.stdout, writer.written - 1);
    }
    await agent.terminate();
    const last = await space.once();
    assertRecords(Buffer.concat([agent.stdout.bytes(), last.stdout.bytes()]), writer, 3);
  },
);

scenario("agent ends with --once when the file is empty that follows a renamed one", async (space) => {
  configure(space);
  const writer = new RecordWriter();
  using log = new HeldLog(space.log());
  log.writeBytes(writer.records(10));
  const first = await space.once();
  log.writeBytes(writer.records(10));
  renameAndCreate(space.log());
  const second = await space.once();
  assertRecords(Buffer.concat([first.stdout.bytes(), second.stdout.bytes()]), writer);
});

for (const rotate of [renameAndCreate, copyAndTruncate]) {
  scenario(`agent keeps records whole and in order under load: ${rotate.name}`, async (space) => {
    configure(space);
    const writer = new RecordWriter();
    using log = new HeldLog(space.log());
    log.writeBytes(writer.records(10));
    const agent = space.start();
    await untilArrived(agent, agent.stdout, 1);
    const load = space.load(4000, (records) => log.writeBytes(writer.records(records)));
    for (let rotation = 0; rotation < 12; rotation++) {
      await pause(120);
      rotate(space.log(), { keep: 50 });
      log.reopen();
      await pause(10);
    }
    await load.stop();
    await untilArrived(agent, agent.stdout, writer.written - 1);
    await agent.terminate();
    const last = await space.once();
    assertRecords(Buffer.concat([agent.stdout.bytes(), last.stdout.bytes()]), writer);
  });

  scenario(
    `agent killed again and again leaves every record once in its file: ${rotate.name}`,
    async (space) => {
      const { output, delivered } = space.fileOutput("all.log", { encoding: "json" });
      configure(space, { output });
      const writer = new RecordWriter();
      using log = new HeldLog(space.log());
      log.writeBytes(writer.records(10));
      await space.once();
      let turn = 0;
      const load = space.load(2000, (records) => {
        log.writeBytes(writer.records(records));
        if (++turn % 60 !== 0) return;
        rotate(space.log(), { keep: LONG ? 5000 : 500 });
        log.reopen();
      });
      for (let kill = 0; kill < (LONG ? 100 : 8); kill++) {
        const agent = space.start();
        await pause(200 + 500 * Math.random());
        await agent.kill();
      }
      await load.stop();
      await space.once();
      assertRecords(delivered.bytes(), writer);
    },
  );
}

scenario("agent keeps records whole when it is reloaded under load", async (space) => {
  const { output, delivered } = space.fileOutput("all.log", { encoding: "json" });
  configure(space, { output });
  const writer = new RecordWriter();
  using log = new HeldLog(space.log());
  log.writeBytes(writer.records(10));
  const agent = space.start();
  await untilArrived(agent, delivered, 1);
  const load = space.load(2000, (records) => {
    for (const line of writer.records(records).toString().split(/(?<=\n)/)) log.writeBytes(Buffer.from(line));
  });
  for (let reload = 0; reload < 4; reload++) {
    configure(space, { output, files: { poll_interval: `${60 + reload}ms` } });
    agent.hangUp();
    await agent.untilLog(/reloaded/i, { skip: reload });
    await pause(100);
  }
  await load.stop();
  await untilArrived(agent, delivered, writer.written - 1);
  await agent.terminate();
  await space.once();
  assertRecords(delivered.bytes(), writer);
});

scenario("agent joins partial lines of a container's streams, which are mixed in one file", async (space) => {
  space.configure({
    files: { parser: { type: "cri" } },
    output: { type: "stdout", encoding: "json" },
  });
  const lines = [
    "2024-05-01T12:00:00.000000001Z stdout P begun \n",
    "2024-05-01T12:00:00.000000002Z stderr F error\n",
    "2024-05-01T12:00:00.000000003Z stdout P and \n",
    "2024-05-01T12:00:00.000000004Z stdout F done\n",
    "2024-05-01T12:00:00.000000005Z stdout F next\n",
  ];
  const agent = space.start();
  for (const line of lines) {
    appendBytes(space.log(), Buffer.from(line));
    await pause(60);
  }
  await agent.until("three records", () => agent.stdout.lines >= 3);
  await agent.terminate();
  const messages = agent.stdout.text().trimEnd().split("\n").map((event) => JSON.parse(event).message);
  assert.deepEqual(messages, ["begun and done", "error", "next"]);
}, { ways: "watching" });

/** The next record that has so many lines; those before it are written, too. */
function recordOf(writer: RecordWriter, count: number): string[] {
  let before = "";
  for (;;) {
    const lines = writer.lines();
    if (lines.length !== count) {
      before += lines.join("");
      continue;
    }
    lines[0] = before + lines[0];
    return lines;
  }
}
