import type { Authenticator, NatsConnection } from "@nats-io/transport-node";
import { codeOf, reasonOf } from "../../lib/reason.ts";

/** The client library, which is loaded when it is needed. */
export type NatsLibrary = typeof import("@nats-io/transport-node");

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
  const connecting = library.connect({
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
  const text = reasonOf(last);
  return text.charAt(0).toLowerCase() + text.slice(1);
}
