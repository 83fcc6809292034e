import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { guardedTransport, type NatsTransport } from "../../../src/outputs/nats/nats_transport.ts";

const socket = new EventEmitter();
class Dialling {
  options: { tls: unknown } = { tls: null };
  dial() {
    return Promise.resolve(socket);
  }
  startTLS() {
    return Promise.resolve(socket);
  }
}

Deno.test("guardedTransport lets no late error of a socket end the process", async () => {
  const Guarded = guardedTransport(Dialling as unknown as NatsTransport);
  const dialled = await new Guarded().dial({ hostname: "a", port: 1 });
  const seen: unknown[] = [];
  dialled.on("error", (error) => seen.push(error));
  dialled.emit("error", new Error("heard"));
  dialled.removeAllListeners();
  // Without a listener, this would throw.
  dialled.emit("error", new Error("read ECONNRESET"));
  assert.deepEqual(seen.map(String), ["Error: heard"]);
});

Deno.test("guardedTransport says so where a server wants TLS and none is configured", async () => {
  const transport = new (guardedTransport(Dialling as unknown as NatsTransport))();
  await assert.rejects(transport.startTLS(), { message: "it wants TLS; write tls:// in servers" });
});
