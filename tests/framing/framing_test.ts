import assert from "node:assert/strict";
import { createFramer } from "../../src/framing/framing.ts";
import { framingOf } from "../../src/framing/framing_options.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { frame, multilineOf } from "./support.ts";

Deno.test("framingOf takes the first block multiline, and the first container runtime", () => {
  const multiline = multilineOf({ pattern: "^ " });
  assert.equal(framingOf([]), undefined);
  assert.equal(framingOf([{ type: "json" }, { type: "regex", multiline: undefined }]), undefined);
  assert.deepEqual(framingOf([{ type: "json" }, { type: "multiline", multiline }]), { multiline });
  assert.deepEqual(framingOf([{ type: "cri" }, { type: "docker" }]), { container: "cri" });
  assert.deepEqual(framingOf([{ type: "docker", multiline }, { type: "json" }]), {
    container: "docker",
    multiline,
  });
});

Deno.test("createFramer refuses what is no pattern, with the key and the reason", () => {
  assert.throws(
    () => createFramer({ multiline: multilineOf({ pattern: "(^ " }) }),
    (error) =>
      error instanceof KeyError && error.key === "multiline.pattern" && /not closed/.test(error.message),
  );
});

Deno.test("createFramer understands patterns of Go", () => {
  const framer = createFramer({ multiline: multilineOf({ pattern: "(?i)^(?P<word>and)" }) });
  assert.deepEqual(frame(framer, "one\nAND two\nthree\n"), ["one\nAND two\n", "three\n"]);
});
