import assert from "node:assert/strict";
import { appendJson, DeliveredMessages, eventsOf } from "../support/event_lines.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";

const WATCHING = { ways: "watching" } as const;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The splicing way of JSON, and a way that takes events: the same must come out of both. */
const WAYS = {
  spliced: [{ type: "remove", fields: ["nested"] }, { type: "add", add: { env: "test" } }],
  conditional: [
    { type: "remove", fields: ["nested"], if: "fields.n > 0" },
    { type: "add", add: { env: "test" } },
  ],
};

for (const [way, transforms] of Object.entries(WAYS)) {
  scenario(
    `agent parses and transforms JSON lines under load, ${way}, and every line arrives once`,
    async (space) => {
      const { output, delivered } = space.fileOutput();
      space.configure({ output, rest: { parser: { type: "json" }, transforms } });
      const writers = [new LineWriter("a"), new LineWriter("b")];
      const agent = space.start();
      const loads = writers.map((writer) =>
        space.load(5000, (lines) => appendJson(space.log(`${writer.name}.log`), writer, lines))
      );
      await agent.until("lines", () => delivered.lines > 5000);
      for (const load of loads) await load.stop();
      await space.complete(agent, writers, { delivered: new DeliveredMessages(delivered) });
      for (const event of eventsOf(delivered)) {
        const n = event.fields["n"] as number;
        assert.deepEqual(Object.keys(event), ["timestamp", "message", "level", "source", "fields"]);
        assert.deepEqual(event.fields, { n, env: "test" });
        assert.equal(event.level, ["info", "warn", "error"][n % 3]);
        assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/);
        assert.match(event.source, /logs\/[ab]\.log$/);
      }
    },
    WATCHING,
  );

  scenario(
    `agent killed again and again while it transforms, ${way}, leaves each event once in its file`,
    async (space) => {
      const { output, delivered } = space.fileOutput();
      space.configure({ output, rest: { parser: { type: "json" }, transforms } });
      const writer = new LineWriter("w");
      const load = space.load(5000, (lines) => appendJson(space.log(), writer, lines));
      for (let kill = 0; kill < 8; kill++) {
        const agent = space.start();
        await pause(200 + 500 * Math.random());
        await agent.kill();
      }
      await load.stop();
      await space.once();
      await space.verify();
      const { lost, duplicates, corrupted } = (await import("../support/oracle.ts")).judge(
        new DeliveredMessages(delivered).bytes(),
        [writer],
      );
      assert.deepEqual([[...lost], duplicates, corrupted], [[], 0, []]);
    },
    WATCHING,
  );
}

scenario(
  "agent writes lines as they came where nothing parses them, and event JSON where something does",
  async (space) => {
    const raw = Uint8Array.of(0x66, 0xff, 0x00, 0x6f, 0x0d, 0x0a);
    appendBytes(space.log(), raw);
    const plain = await space.once();
    assert.deepEqual([...plain.stdout.bytes()], [...raw]);
    space.configure({
      output: { type: "stdout", encoding: "json", include_raw: true },
      files: { checkpoint_path: space.path("second") },
    });
    const json = await space.once();
    const [event] = eventsOf(json.stdout);
    assert.deepEqual([event?.message, event?.raw, event?.fields], ["f\ufffd\0o", "f\ufffd\0o", {}]);
    space.configure({
      output: { type: "stdout", encoding: "text" },
      files: { checkpoint_path: space.path("third"), parser: { type: "regex", pattern: "^(?<message>.)" } },
    });
    assert.equal(new TextDecoder().decode((await space.once()).stdout.bytes()), "f\n");
  },
  WATCHING,
);

scenario("agent passes on, drops or keeps as dead letters what is not in the format", async (space) => {
  appendBytes(space.log(), text(`{"msg":"good","n":1}\nbad\n{"msg":"also good"}\n`));
  const run = async (onError: string) => {
    space.configure({
      files: { checkpoint_path: space.path(onError), parser: { type: "json", on_error: onError } },
      rest: { dead_letter: { enabled: true, dir: space.path("dead") } },
    });
    const agent = await space.once();
    return eventsOf(agent.stdout);
  };
  const passed = await run("pass");
  assert.deepEqual(passed.map(({ message }) => message), ["good", "bad", "also good"]);
  assert.deepEqual(passed[1]?.fields, { parse_error: 'not in the format "json"' });
  assert.deepEqual((await run("drop")).map(({ message }) => message), ["good", "also good"]);
  assert.deepEqual((await run("dead_letter")).map(({ message }) => message), ["good", "also good"]);
  const [file, ...others] = [...Deno.readDirSync(space.path("dead"))].map(({ name }) => name);
  assert.deepEqual(others, []);
  const letters = Deno.readTextFileSync(space.path("dead", file ?? "")).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.equal(letters.length, 1);
  assert.equal(letters[0].record, "bad");
  assert.equal(letters[0].reason, 'not in the format "json"');
  assert.equal(letters[0].source, space.log());
  assert.equal(letters[0].offset, 21);
}, WATCHING);

scenario(
  "agent stops a script that never ends, keeps its record as a dead letter, and loses no other",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({
      output,
      rest: {
        parser: { type: "json" },
        transforms: [{
          type: "script",
          code: "if (event.fields.evil) while (true) {}\nevent.fields.seen = true;",
        }],
        worker_pool: { job_timeout: "500ms" },
        dead_letter: { enabled: true, dir: space.path("dead") },
      },
    });
    const writer = new LineWriter("w", { maximum: 20 });
    appendJson(space.log(), writer, 300);
    appendBytes(space.log(), text('{"msg":"the guilty one","evil":1}\n'));
    appendJson(space.log(), writer, 300);
    const agent = space.start();
    agent.expectError(/dead letter|longer than/);
    await agent.until("lines", () => delivered.lines >= 600);
    appendJson(space.log(), writer, 100);
    await space.complete(agent, [writer], { delivered: new DeliveredMessages(delivered) });
    assert.ok(eventsOf(delivered).every(({ fields }) => fields["seen"] === true));
    const [file] = [...Deno.readDirSync(space.path("dead"))].map(({ name }) => name);
    const letters = Deno.readTextFileSync(space.path("dead", file ?? "")).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assert.deepEqual(letters.map(({ record }) => JSON.parse(record).msg), ["the guilty one"]);
  },
  WATCHING,
);

scenario("agent sends records to the outputs whose routes and conditions they fit", async (space) => {
  appendBytes(
    space.log(),
    text(
      [
        '{"level":"error","msg":"a"}',
        '{"level":"info","msg":"b","status":503}',
        '{"level":"debug","msg":"c"}',
        "",
      ].join("\n"),
    ),
  );
  const outputs = ["errors", "slow", "rest"].map((name) => space.fileOutput(`${name}.log`));
  const [errors, slow, rest] = outputs.map(({ output }) => output);
  space.configure({
    output: errors ?? {},
    rest: {
      output: undefined,
      outputs: [
        { name: "errors", routes: ["errors"], ...errors },
        { name: "slow", if: "fields.status >= 500", ...slow },
        { name: "rest", routes: ["_unmatched"], ...rest },
      ],
      parser: { type: "json" },
      transforms: [
        { type: "drop", if: 'level === "debug" && message !== "c"' },
        { type: "route", routes: { errors: 'level === "error"' } },
      ],
    },
  });
  const agent = await space.once();
  const messages = outputs.map(({ delivered }) => eventsOf(delivered).map(({ message }) => message));
  assert.deepEqual(messages, [["a"], ["b"], ["b", "c"]]);
  assert.equal((await agent.ended()).summary?.delivered, 3);
}, WATCHING);

scenario(
  "agent changes its transforms on SIGHUP under load, and no line is lost, doubled or left as it was",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    const configure = (version: number) =>
      space.configure({
        output,
        rest: {
          parser: { type: "json" },
          transforms: [
            { type: "add", add: { version }, ...(version % 2 === 0 ? {} : { if: "fields.n > 0" }) },
          ],
        },
      });
    configure(0);
    const writer = new LineWriter("w");
    const load = space.load(4000, (lines) => appendJson(space.log(), writer, lines));
    const agent = space.start();
    for (let version = 1; version <= 6; version++) {
      const before = delivered.lines;
      await agent.until("more lines", () => delivered.lines > before + 200);
      configure(version);
      agent.hangUp();
    }
    await agent.until("the last version", () => eventsOf(delivered).at(-1)?.fields["version"] === 6);
    await load.stop();
    await space.complete(agent, [writer], { delivered: new DeliveredMessages(delivered) });
    const versions = eventsOf(delivered).map(({ fields }) => fields["version"] as number);
    assert.deepEqual(versions, versions.toSorted((a, b) => a - b), "versions follow each other");
  },
  WATCHING,
);

scenario(
  "agent changes its pool of workers on SIGHUP under load, and no line is lost or doubled",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    const configure = (timeout: number) =>
      space.configure({
        output,
        rest: {
          parser: { type: "json" },
          transforms: [{ type: "keep", if: "fields.n > 0" }],
          worker_pool: { num_workers: 1, job_timeout: `${timeout}s` },
        },
      });
    configure(30);
    const writer = new LineWriter("w");
    const load = space.load(4000, (lines) => appendJson(space.log(), writer, lines));
    const agent = space.start();
    for (let reload = 0; reload < 3; reload++) {
      const before = delivered.lines;
      await agent.until("more lines", () => delivered.lines > before + 200);
      configure(31 + reload);
      agent.hangUp();
      const { fields } = await agent.untilLog(/"Reloaded"/, { skip: reload });
      assert.deepEqual(fields["sections_changed"], ["worker_pool"]);
    }
    await load.stop();
    await space.complete(agent, [writer], { delivered: new DeliveredMessages(delivered) });
  },
  WATCHING,
);

scenario("agent refuses a script with mistakes at its place in the configuration", async (space) => {
  space.configure({
    files: {
      parser: { type: "regex", pattern: "(" },
      transforms: [{ type: "script", code: "fetch('http://x')" }],
    },
    rest: { transforms: [{ type: "drop", if: "levle === 1" }] },
  });
  const agent = space.start();
  const { code } = await agent.ended();
  assert.equal(code, 2, agent.stderr);
  assert.match(agent.stderr, /config\.yaml:\d+:\d+ inputs\.files\[0\]\.parser\.pattern: /);
}, WATCHING);

scenario(
  "agent stops a pattern that explodes, keeps its line as a dead letter, and loses no other",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    // A back-reference keeps V8's linear engine from taking over.
    space.configure({
      output,
      rest: {
        parser: {
          type: "regex",
          pattern: "^(?<who>\\w+) (?:(a+)+\\2)+$|^(?<message>\\w+ \\d+.*)$",
          on_error: "pass",
        },
        worker_pool: { job_timeout: "500ms" },
        dead_letter: { enabled: true, dir: space.path("dead") },
      },
    });
    const writer = new LineWriter("w", { maximum: 20 });
    writer.append(space.log(), 200);
    appendBytes(space.log(), text(`evil ${"a".repeat(40)}!\n`));
    writer.append(space.log(), 200);
    const agent = space.start();
    agent.expectError(/dead letter|longer than/);
    await agent.until("lines", () => delivered.lines >= 400);
    await agent.terminate();
    const [file] = [...Deno.readDirSync(space.path("dead"))].map(({ name }) => name);
    const letters = Deno.readTextFileSync(space.path("dead", file ?? "")).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assert.deepEqual(letters.map(({ record }) => record.slice(0, 8)), ["evil aaa"]);
    assert.equal(delivered.lines, 400);
  },
  WATCHING,
);

scenario(
  "agent refuses to join lines by a pattern that explodes and that nothing could stop",
  async (space) => {
    const pattern = "^((a+)+)\\1!$";
    space.configure({ files: { parser: { type: "multiline", multiline: { pattern } } } });
    const agent = space.start();
    assert.equal((await agent.ended()).code, 2, agent.stderr);
    assert.match(agent.stderr, /config\.yaml:\d+:\d+ inputs\.files\[0\]\.parser\.multiline\.pattern: /);
  },
  WATCHING,
);

scenario(
  "agent reads grok patterns and tables from files, joins lines, and uses several parsers in turn",
  async (space) => {
    Deno.mkdirSync(space.path("patterns"));
    Deno.writeTextFileSync(
      space.path("patterns", "shop"),
      "# ours\nORDER (?>[A-Z]{2})-\\d++\nSHOPLINE %{ORDER:order} %{NUMBER:total:float}\n",
    );
    Deno.writeTextFileSync(space.path("prices.csv"), "order,customer\nAB-1,Ann\nAB-2,Ben\n");
    appendBytes(
      space.log(),
      text('AB-1 12.50\nAB-2 3\n\tat Shop.sell(Shop.java:3)\n{"msg":"json","order":"AB-2"}\nnone of both\n'),
    );
    space.configure({
      files: {
        parser: [
          {
            type: "grok",
            grok_pattern: "^%{SHOPLINE}",
            patterns_dir: space.path("patterns"),
            multiline: { pattern: "^\\s", match: "after" },
          },
          { type: "json" },
        ],
        transforms: [{ type: "lookup", file: space.path("prices.csv"), field: "order" }],
      },
    });
    const agent = await space.once();
    assert.deepEqual(eventsOf(agent.stdout).map(({ message, fields }) => [message, fields]), [
      ["", { order: "AB-1", total: 12.5, customer: "Ann" }],
      ["", { order: "AB-2", total: 3, customer: "Ben" }],
      ["json", { order: "AB-2", customer: "Ben" }],
      ["none of both", { parse_error: 'not in the formats "grok", "json"' }],
    ]);
  },
  WATCHING,
);
