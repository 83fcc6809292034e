import assert from "node:assert/strict";
import { encoderTypes } from "../../src/outputs/encoders.ts";
import { newEvent } from "../../src/event.ts";
import * as schema from "../../src/lib/schema.ts";
import { nullOutput } from "../../src/outputs/null.ts";
import { ALL_SENT } from "../../src/outputs/output.ts";
import { batchOf, RecordingLog, sourceOf } from "../contracts/batches.ts";

const signal = new AbortController().signal;

Deno.test("NullOutput takes every batch and gives one partition to all", async () => {
  const config = schema.parse(nullOutput.schema, {});
  assert.deepEqual(nullOutput.permissions(config), []);
  await using output = await nullOutput.create(config, { name: "null", log: new RecordingLog() });
  await output.open(signal);
  await output.probe?.(signal);
  assert.equal(output.partitionOf(sourceOf("/var/log/a.log"), 0), "");
  assert.deepEqual(await output.send(batchOf([]), signal), ALL_SENT);
  assert.deepEqual(await output.send(batchOf(["a\n", "b\n"]), signal), ALL_SENT);
});

Deno.test("the encoder of NullOutput makes event JSON unless text is asked for", () => {
  const event = newEvent(sourceOf("/var/log/a.log"));
  event.message = event.raw = "hello";
  const encode = (block: object, plain: boolean) =>
    encoderTypes["null"]?.(schema.parse(nullOutput.schema, block), { plain, includeRaw: false });
  const json = encode({}, true);
  assert.equal(json?.kind, "lines");
  assert.equal(JSON.parse(json.encode(event)).message, "hello");
  assert.equal(encode({ encoding: "text" }, true)?.kind, "copy");
  assert.equal(encode({ encoding: "text" }, false)?.encode(event), "hello\n");
});
