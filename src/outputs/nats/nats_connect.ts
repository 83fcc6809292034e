import type { Authenticator, NatsConnection } from "@nats-io/transport-node";
import { codeOf, reasonOf } from "../../lib/reason.ts";
import { withRemedy } from "../http/network_reason.ts";
import { guardedTransport } from "./nats_transport.ts";

/** The client library, which is loaded when it is needed. */
export type NatsLibrary = typeof import("@nats-io/transport-node");

/** Loads the client library, and has it connect by a transport of ours. */
export async function loadNats(): Promise<NatsLibrary> {
  const library = await import("@nats-io/transport-node");
  const { NodeTransport } = await import("@nats-io/transport-node/node_transport");
  const Transport = guardedTransport(NodeTransport);
  // Without a function that looks up names: that would need the permission for all ports of a server.
  library.setTransportFactory({ factory: () => new Transport() });
  return library;
}

/** How to log in. */
export interface NatsLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly nkeySeed?: string | undefined;
  /** The contents of a credentials file. */
  readonly credentials?: Uint8Array | undefined;
}

/** How to connect. */
export interface NatsOptions {
  /** As host:port. */
  readonly servers: readonly string[];
  readonly login: NatsLogin;
  /** Undefined: no TLS. */
  readonly tls:
    | {
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      readonly handshakeFirst: boolean;
    }
    | undefined;
  readonly timeout: number;
}

/** Connects to one of the servers. Rejects with the reason of the library. */
export async function connectTo(
  library: NatsLibrary,
  server: string,
  { login, tls, timeout }: NatsOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  signal.throwIfAborted();
  const authenticator = authenticatorOf(library, login);
  // The library looks up the name in the certificate only for servers that are given by name.
  const host = server.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const secured = tls === undefined ? undefined : { ...tls, host };
  // Not `library.connect`, which would choose its own transport.
  const connecting = library.NatsConnectionImpl.connect({
    servers: server,
    name: "logaggregator",
    timeout,
    reconnect: false,
    // Their addresses are no part of the configuration, and so of the permissions.
    ignoreClusterUpdates: true,
    tls: secured ?? null,
    ...authenticator === undefined ? {} : { authenticator },
  });
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => {});
  const onStop = () => reject(new Error("it was stopped"));
  signal.addEventListener("abort", onStop, { once: true });
  try {
    return await Promise.race([connecting, stopped]);
  } catch (error) {
    connecting.then((late) => late.close(), () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", onStop);
  }
}

function authenticatorOf(library: NatsLibrary, login: NatsLogin): Authenticator | undefined {
  const { username, password, token, nkeySeed, credentials } = login;
  if (credentials !== undefined) return library.credsAuthenticator(credentials);
  if (nkeySeed !== undefined) return library.nkeyAuthenticator(new TextEncoder().encode(nkeySeed));
  if (token !== undefined) return library.tokenAuthenticator(token);
  return username === undefined ? undefined : library.usernamePasswordAuthenticator(username, password ?? "");
}

/** Why something of NATS failed. The library's own texts hold neither credentials nor messages. */
export function natsReason(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause instanceof Error) last = last.cause;
  if (codeOf(last) === "ECONNREFUSED") return "connection refused";
  if (codeOf(last) === "ENOTFOUND") return "there is no host of that name";
  const text = reasonOf(last);
  // The library tells this of passwords, tokens and keys alike.
  if (/^Authorization Violation$/iu.test(text)) return `the login is refused ("${text}")`;
  return withRemedy(text.charAt(0).toLowerCase() + text.slice(1));
}
