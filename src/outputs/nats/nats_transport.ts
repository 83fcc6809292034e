import type { EventEmitter } from "node:events";

/** The library's class for connections, which it does not export by its main module. */
export type NatsTransport = typeof import("@nats-io/transport-node/node_transport").NodeTransport;

/**
 * Makes connections whose errors come to nobody's surprise: the library takes its listeners off a socket before it
 * destroys it, and what was on its way then, such as a reset after a refused login, would end the process.
 */
export function guardedTransport(Transport: NatsTransport): NatsTransport {
  return class extends Transport {
    override async dial(server: Parameters<InstanceType<NatsTransport>["dial"]>[0]) {
      return guarded(await super.dial(server));
    }

    override async tlsFirst(server: Parameters<InstanceType<NatsTransport>["tlsFirst"]>[0]) {
      return guarded(await super.tlsFirst(server));
    }

    override async startTLS() {
      if (this.options.tls === null) throw new Error("it wants TLS; write tls:// in servers");
      return guarded(await super.startTLS());
    }
  };
}

function guarded<Socket extends EventEmitter>(socket: Socket): Socket {
  const removeAllListeners = socket.removeAllListeners.bind(socket);
  const ignore = () => {};
  // Without an argument all go; one that is undefined would keep them.
  socket.removeAllListeners = (...names) => {
    removeAllListeners(...names);
    socket.on("error", ignore);
    return socket;
  };
  socket.on("error", ignore);
  return socket;
}
