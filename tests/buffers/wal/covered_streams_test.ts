import assert from "node:assert/strict";
import { CoveredStreams } from "../../../src/buffers/wal/covered_streams.ts";

const place = (batch: number) => ({ batch, record: batch });
const origin = (id: string, until?: number) => [{ id, end: 1, ...(until === undefined ? {} : { until }) }];

Deno.test("CoveredStreams tells up to where a stream was written, and saves what is on the disk", () => {
  const streams = new CoveredStreams([["old", 5]]);
  streams.wrote(1, origin("a", 10));
  streams.wrote(2, origin("a"));
  streams.wrote(3, origin("a", 20));
  streams.wrote(4, origin("b", 7));
  assert.deepEqual(["old", "a", "b", "c"].map((id) => streams.until(id)), [5, 20, 7, undefined]);
  assert.deepEqual(streams.safe(place(1)), [["old", 5]]);
  assert.deepEqual(streams.safe(place(3)), [["old", 5], ["a", 10]]);
  assert.deepEqual(streams.safe(place(5)), [["old", 5], ["a", 20], ["b", 7]]);
});

Deno.test("CoveredStreams never goes back, and forgets the stream that was written to longest ago", () => {
  const streams = new CoveredStreams([]);
  streams.wrote(1, origin("a", 10));
  streams.wrote(2, origin("a", 4));
  assert.equal(streams.until("a"), 10);
  for (let i = 0; i < 511; i++) streams.wrote(3 + i, origin(`s${i}`, i));
  assert.equal(streams.until("a"), 10);
  streams.wrote(1000, origin("more", 1));
  assert.equal(streams.until("a"), undefined);
  assert.equal(streams.safe(place(1001)).length, 512);
});
