import assert from "node:assert/strict";
import type { ContainerLine } from "../../src/framing/container_format.ts";
import { cri } from "../../src/framing/cri.ts";
import { createFramer } from "../../src/framing/framing.ts";
import { frame, multilineOf } from "./support.ts";

const TIME = "2024-05-01T12:00:00.123456789+02:00";

function read(text: string): ContainerLine | undefined {
  const into = { stream: "", isPartial: false, time: "", content: "" };
  return cri.read(text, into, true) ? into : undefined;
}

Deno.test("cri reads time, stream, tag and content", () => {
  const line = { stream: "stdout", isPartial: false, time: TIME };
  assert.deepEqual(read(`${TIME} stdout F a  b `), { ...line, content: "a  b " });
  assert.deepEqual(read(`${TIME} stderr P  x`), {
    ...line,
    stream: "stderr",
    isPartial: true,
    content: " x",
  });
  assert.deepEqual(read(`${TIME} stdout F:more x`), { ...line, content: "x" });
  for (const text of [`${TIME} stdout F `, `${TIME} stdout F`]) {
    assert.deepEqual(read(text), { ...line, content: "" });
  }
});

Deno.test("cri refuses what is no line of the runtime", () => {
  for (
    const text of [
      "",
      " ",
      "text",
      `${TIME} stdout`,
      `${TIME} stdout X a`,
      `${TIME} stdout Full a`,
      `${TIME} in F a`,
    ]
  ) {
    assert.equal(read(text), undefined, text);
  }
});

Deno.test("cri joins partial lines of each stream under the first one's time", () => {
  const framer = createFramer({ container: "cri" });
  const records = frame(
    framer,
    "t1 stdout P one \nt2 stderr P Ü\nt3 stdout P \nt4 stderr F ber\nt5 stdout F two\nt6 stdout F next\ntext\n",
  );
  assert.deepEqual(records, ["t1 stdout F one two\n", "t2 stderr F Über\n", "t6 stdout F next\n", "text\n"]);
});

Deno.test("cri joins lines of a stream with a line feed between them", () => {
  const framer = createFramer({ container: "cri", multiline: multilineOf({ preset: "java" }) });
  const records = frame(
    framer,
    "t1 stderr F java.lang.Error: x\nt2 stdout F text\nt3 stderr P \tat a.\nt4 stderr F B(C)\nt5 stderr F\nt6 stderr F y\n",
  );
  assert.deepEqual(records, [
    "t1 stderr F java.lang.Error: x\n\tat a.B(C)\n",
    "t2 stdout F text\n",
    "t5 stderr F\n",
    "t6 stderr F y\n",
  ]);
  const blank = createFramer({ container: "cri", multiline: multilineOf({ pattern: "^ ", match: "after" }) });
  assert.deepEqual(frame(blank, "t1 stdout F\nt2 stdout F  x\n"), ["t1 stdout F \n x\n"]);
});
