import assert from "node:assert/strict";
import type { ContainerLine } from "../../src/framing/container_format.ts";
import { docker } from "../../src/framing/docker.ts";
import { createFramer } from "../../src/framing/framing.ts";
import { frame, linesOf, multilineOf } from "./support.ts";

/** A line as Docker writes it. */
function line(log: string, stream = "stdout", second = 0): string {
  const time = `2024-05-01T12:00:${String(second).padStart(2, "0")}.123456789Z`;
  return `${JSON.stringify({ log, stream, time })}\n`;
}

function read(text: string): ContainerLine | undefined {
  const into = { stream: "", isPartial: false, time: "", content: "" };
  return docker.read(text.trimEnd(), into, true) ? into : undefined;
}

Deno.test("docker reads lines as the runtime writes them, and with their members in any order", () => {
  const time = "2024-05-01T12:00:00.123456789Z";
  assert.deepEqual(read(line('a "b"\t\\n\n')), {
    stream: "stdout",
    isPartial: false,
    time,
    content: 'a "b"\t\\n',
  });
  assert.deepEqual(read(line("", "stderr")), { stream: "stderr", isPartial: true, time, content: "" });
  assert.deepEqual(read(line("\n")), { stream: "stdout", isPartial: false, time, content: "" });
  // The letter n behind an escaped backslash is no line feed.
  assert.deepEqual(read(line("C:\\n")), { stream: "stdout", isPartial: true, time, content: "C:\\n" });
  assert.deepEqual(read(`{"stream":"stdout", "time":"${time}", "log":"x\\n"}`), {
    stream: "stdout",
    isPartial: false,
    time,
    content: "x",
  });
  const attributes = `{"log":"x\\n","stream":"stderr","attrs":{"stream":"y"},"time":"${time}"}`;
  assert.deepEqual(read(attributes), { stream: "stderr", isPartial: false, time, content: "x" });
});

Deno.test("docker refuses what is no line of the runtime", () => {
  for (
    const text of [
      "",
      "text",
      "{",
      '{"log":"x',
      '{"log":"x","stream":"std',
      '{"log":1,"stream":"stdout"}',
      "null",
    ]
  ) assert.equal(read(text), undefined, text);
});

Deno.test("docker joins partial lines of each stream to one line with the first one's other members", () => {
  const framer = createFramer({ container: "docker" });
  const given = line("a".repeat(30), "stdout", 1) + line("error\n", "stderr", 2) +
    line("ä\u0001", "stdout", 3) +
    line(' end\\"\n', "stdout", 4) + line("next\n", "stdout", 5);
  const records = frame(framer, given);
  assert.deepEqual(records, [
    line(`${"a".repeat(30)}ä\u0001 end\\"\n`, "stdout", 1),
    line("error\n", "stderr", 2),
    line("next\n", "stdout", 5),
  ]);
});

Deno.test("docker joins lines with their members in another order, whatever bytes they hold", () => {
  const framer = createFramer({ container: "docker" });
  const records = frame(framer, '{"stream":"stdout","log":"a","n":1}\n{"log":"b\\n","stream":"stdout"}\n');
  assert.deepEqual(records, ['{"stream":"stdout","log":"ab\\n","n":1}\n']);
  const { bytes, ends } = linesOf('{"stream":"stdout","log":"~~~~~~"}\n{"stream":"stdout","log":"b\\n"}\n');
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0x7e) bytes[at] = 0xff;
  const grouping = framer.begin();
  grouping.add(bytes, ends);
  const joined = grouping.take(bytes, ends);
  assert.equal(
    new TextDecoder().decode(joined.bytes),
    `{"stream":"stdout","log":"${"\ufffd".repeat(6)}b\\n"}\n`,
  );
});

Deno.test("docker joins the lines of a stack trace in one stream, while another one goes on", () => {
  const framer = createFramer({ container: "docker", multiline: multilineOf({ preset: "java" }) });
  const given = line('java.lang.Error: "x"\n', "stderr", 1) + line("served\n", "stdout", 1) +
    line("\tat a.b.C", "stderr", 1) + line("(D.java:1)\n", "stderr", 1) + line("served\n", "stdout", 1) +
    line("\tat a.b.E(F.java:2)\n", "stderr", 2) + line("next\n", "stderr", 2);
  assert.deepEqual(frame(framer, given), [
    line('java.lang.Error: "x"\n\tat a.b.C(D.java:1)\n\tat a.b.E(F.java:2)\n', "stderr", 1),
    line("served\n", "stdout", 1),
    line("served\n", "stdout", 1),
    line("next\n", "stderr", 2),
  ]);
});
