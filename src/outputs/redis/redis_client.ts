import { nameOf } from "../socket/address.ts";
import { type ConnectionOptions, StreamConnection } from "../socket/stream_connection.ts";
import { command, RedisError, type Reply, ReplyReader } from "./resp.ts";

/** Who connects, and to which database. */
export interface RedisLogin {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

/** A connection to a Redis server that answers one group of commands after the other. */
export class RedisClient {
  readonly #connection: StreamConnection;
  readonly #options: ConnectionOptions;
  readonly #reader: ReplyReader;

  private constructor(connection: StreamConnection, options: ConnectionOptions, reader: ReplyReader) {
    this.#connection = connection;
    this.#options = options;
    this.#reader = reader;
  }

  /** Connects and logs in. Throws an Error that names the server. */
  static async open(
    options: ConnectionOptions,
    { username, password, db }: RedisLogin,
    signal: AbortSignal,
  ): Promise<RedisClient> {
    const reader = new ReplyReader();
    const connection = await StreamConnection.open(
      { ...options, onBytes: (bytes) => reader.take(bytes) },
      signal,
    );
    const client = new RedisClient(connection, options, reader);
    try {
      if (password !== undefined) {
        const words = username === undefined ? [password] : [username, password];
        await client.#login("logging in", ["AUTH", ...words], signal);
      }
      if (db !== 0) await client.#login(`choosing database ${db}`, ["SELECT", String(db)], signal);
      return client;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Why the connection is of no use any more; undefined while it is. */
  get failure(): Error | undefined {
    return this.#connection.failure;
  }

  /** One command; throws the server's error. */
  async ask(words: readonly string[], signal: AbortSignal): Promise<Reply> {
    const [reply = null] = await this.exchange(command(...words), 1, signal);
    if (reply instanceof RedisError) throw this.told(reply);
    return reply;
  }

  /**
   * Sends commands and waits for so many replies, in order. Throws where they do not all come; the connection is then
   * closed, since what comes later would be taken for other replies.
   */
  async exchange(commands: Uint8Array, count: number, signal: AbortSignal): Promise<Reply[]> {
    const replies: Reply[] = [];
    let done: () => void = () => {};
    this.#reader.onReply = (reply) => {
      if (replies.push(reply) === count) done();
    };
    try {
      const { timeout, address } = this.#options;
      await this.#connection.write(commands, signal);
      const isAnswered = replies.length >= count ||
        await this.#connection.until(timeout, signal, (settle) => done = settle);
      if (!isAnswered) throw new Error(`${nameOf(address)} has not answered in time`);
      return replies;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#reader.onReply = () => {};
    }
  }

  /** The server's error with its name, and what may be done about it. */
  told(error: RedisError): Error {
    return new Error(`${nameOf(this.#options.address)} answered "${error.message}"${adviceFor(error.kind)}`, {
      cause: error,
    });
  }

  close(): void {
    this.#connection.close();
  }

  async #login(what: string, words: readonly string[], signal: AbortSignal): Promise<void> {
    const [reply] = await this.exchange(command(...words), 1, signal);
    if (reply instanceof RedisError) {
      throw new Error(`${what}: ${this.told(reply).message}`, { cause: reply });
    }
  }
}

function adviceFor(kind: string): string {
  switch (kind) {
    case "NOAUTH":
    case "NOPERM":
    case "WRONGPASS":
      return ", look at username and password";
    case "MOVED":
    case "ASK":
    case "CROSSSLOT":
      return ", which only a cluster does; connect to a server or a proxy that takes all keys";
    case "READONLY":
      return ", look whether address is the master";
    default:
      return "";
  }
}
