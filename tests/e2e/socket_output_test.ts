import assert from "node:assert/strict";
import { DeliveredMessages } from "../support/event_lines.ts";
import { appendJson } from "../support/event_lines.ts";
import { LineServer } from "../support/line_server.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { judge } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import { until } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const WATCHING = { ways: "watching" } as const;
const RELIABILITY = {
  retry: { initial_backoff: "10ms", max_backoff: "50ms" },
  circuit_breaker: { failure_threshold: 3, timeout: "50ms" },
};

function configure(space: Workspace, socket: object): void {
  space.configure({
    files: { parser: { type: "json" } },
    output: { type: "socket", socket: { batch_size: 200, batch_timeout: "20ms", ...socket } },
    rest: { reliability: RELIABILITY },
  });
}

for (const acknowledgement of ["none", "close"]) {
  scenario(
    `agent killed while it writes to a server that cuts connections delivers all (acknowledgement ${acknowledgement})`,
    async (space) => {
      await using server = await LineServer.start({
        // What came before a cut was not lost, so all of it must be there at the end.
        conduct: (number) => number % 3 === 1 ? { cutAfter: 40_000 } : {},
      });
      const address = `tcp://127.0.0.1:${server.port}`;
      configure(space, { address, acknowledgement, settle_time: "50ms" });
      const writer = new LineWriter("w");
      const load = space.load(2000, (lines) => appendJson(space.log(), writer, lines));
      const first = space.start();
      await first.until("records", () => server.delivered().lines >= 1000);
      await first.kill();
      await until("the end of its connections", () => server.open === 0);
      const second = space.start();
      const before = server.delivered().lines;
      await second.until("more records", () => server.delivered().lines >= before + 1000);
      await load.stop();
      const whole = new DeliveredMessages({
        get lines() {
          return server.delivered().lines;
        },
        bytes: () => wholeLines(server),
      });
      await space.untilDelivered(second, [writer], whole);
      const { code } = await second.terminate();
      assert.equal(code, 0);
      const verdict = judge(whole.bytes(), [writer]);
      assert.deepEqual([verdict.lost.size, verdict.invented, verdict.corrupted], [0, [], []]);
    },
    WATCHING,
  );
}

/** The lines of all connections; a connection that was cut may end within one. */
function wholeLines(server: LineServer): Uint8Array {
  return new Uint8Array(
    server.connections.flatMap((bytes) => [...bytes.subarray(0, bytes.lastIndexOf(10) + 1)]),
  );
}

scenario("agent writes to a unix socket", async (space) => {
  const path = space.path("log.sock");
  // The tests themselves may not listen on such a socket.
  const script = `
    const listener = Deno.listen({ transport: "unix", path: Deno.args[0] });
    console.log("listening");
    for await (const connection of listener) connection.readable.pipeTo(Deno.stdout.writable, { preventClose: true });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const reading = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  try {
    await until("the server", () => text === "listening\n");
    appendBytes(space.log(), new TextEncoder().encode('{"msg":"one"}\n{"msg":"two"}\n'));
    configure(space, { address: `unix://${path}`, encoding: "text" });
    await space.once();
    await until("the lines", () => text === "listening\none\ntwo\n");
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reading;
  }
}, WATCHING);
