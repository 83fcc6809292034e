import assert from "node:assert/strict";
import { Obstacles } from "../../../src/inputs/file/obstacles.ts";
import { RecordingLog } from "./support.ts";

Deno.test("Obstacles says each reason once, and tries again with growing pauses", () => {
  const log = new RecordingLog();
  let now = 0;
  const obstacles = new Obstacles(log, "in", () => now);
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    assert.equal(obstacles.blocks("/a"), false);
    obstacles.add("/a", Object.assign(new Error("EACCES"), { code: "EACCES" }));
    const since = now;
    while (obstacles.blocks("/a")) now += 500;
    pauses.push(now - since);
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
  assert.deepEqual(log.of("warn"), ['Cannot read "/a" for input "in": permission denied; next try in 1s']);
});

Deno.test("Obstacles says a new reason at once, and when the file can be read again", () => {
  const log = new RecordingLog();
  const obstacles = new Obstacles(log, "in", () => 0);
  obstacles.add("/a", new Error("one"));
  obstacles.add("/a", new Error("two"));
  assert.equal(log.of("warn").length, 2);
  obstacles.clear("/a");
  obstacles.clear("/a");
  assert.deepEqual(log.of("info"), ['"/a" can be read again']);
  assert.equal(obstacles.blocks("/a"), false);
});
