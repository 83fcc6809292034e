import { reasonOf } from "../../lib/reason.ts";
import { sleep } from "../../lib/sleep.ts";
import { BrokerConnection, BrokerError, CLOSED, type ConnectionOptions } from "./broker_connection.ts";
import {
  apiVersionsRequest,
  type BrokerVersions,
  metadataRequest,
  readApiVersions,
  readMetadata,
  readSaslAuthenticate,
  readSaslHandshake,
  saslAuthenticateRequest,
  saslHandshakeRequest,
  type TopicMetadata,
} from "./kafka_api.ts";
import { type BrokerAddress, brokerText } from "./kafka_config.ts";
import { errorText, LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC } from "./kafka_errors.ts";
import { authenticate, type Credentials } from "./sasl.ts";
import type { WireReader } from "./wire.ts";

/** How a cluster is reached. */
export interface ClusterOptions extends ConnectionOptions {
  readonly brokers: readonly BrokerAddress[];
  readonly credentials: Credentials | undefined;
  /** Asks for topics that are missing. */
  readonly createTopics: boolean;
}

/** A connection that is ready for requests. */
export interface Session {
  readonly connection: BrokerConnection;
  readonly versions: BrokerVersions;
  /** When it must be replaced, in milliseconds of `performance.now`. */
  readonly expires: number;
}

/** What is known of topics is asked for again after this time, in milliseconds. */
const METADATA_AGE = 5 * 60_000;
/** While a partition has no leader. */
const LEADERLESS_AGE = 1000;
/** Brokers make a topic a moment after they were asked for it. */
const CREATION_LOOKS = 10;
const CREATION_PAUSE = 100;
/** Records may choose topics: what is known of them must not grow without end. */
const MOST_TOPICS = 10_000;
const MOST_TOLD = 3;

/** The brokers of a cluster: who leads which partition, and connections to them, made when they are needed. */
export class KafkaCluster {
  readonly #options: ClusterOptions;
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #topics = new Map<string, { readonly topic: TopicMetadata; readonly since: number }>();
  #brokers: ReadonlyMap<number, BrokerAddress> = new Map();
  /** Whether a broker has ever answered what only those may ask who are logged in. */
  #isUnderstood = false;
  /** Which broker is asked first where none is connected. */
  #turn = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** What is known of these topics, `error` included, asked for where that is old. Throws BrokerError. */
  async topics(
    names: Iterable<string>,
    signal: AbortSignal,
    create = this.#options.createTopics,
  ): Promise<Map<string, TopicMetadata>> {
    const wanted = [...names];
    const found = new Map<string, TopicMetadata>();
    const unknown = wanted.filter((name) => !this.#isFresh(name));
    for (let look = 1; unknown.length > 0; look++) {
      const answered = await this.#ask(unknown, create, signal);
      for (const topic of answered) found.set(topic.name, topic);
      const isComing = answered.some(({ error }) =>
        error === UNKNOWN_TOPIC || error === LEADER_NOT_AVAILABLE
      );
      if (!create || !isComing || look === CREATION_LOOKS || !(await sleep(CREATION_PAUSE, signal))) break;
    }
    for (const name of wanted) {
      const known = this.#topics.get(name)?.topic;
      if (known !== undefined && !found.has(name)) found.set(name, known);
    }
    return found;
  }

  /** What is known of these topics is wrong. */
  forget(names: Iterable<string>): void {
    for (const name of names) this.#topics.delete(name);
  }

  /** A session with the broker of this number. Throws BrokerError. */
  broker(number: number, signal: AbortSignal): Promise<Session> {
    const address = this.#brokers.get(number);
    if (address !== undefined) return this.#session(address, signal);
    return Promise.reject(new BrokerError(`broker ${number} is not known to the cluster`));
  }

  /** A session with any broker, connected ones first. Throws BrokerError with the reasons of all. */
  async any(signal: AbortSignal): Promise<Session> {
    const addresses = new Map(
      [...this.#options.brokers, ...this.#brokers.values()].map((address) => [brokerText(address), address]),
    );
    const names = [...addresses.keys()];
    const turned = names.map((_, index) => names[(index + this.#turn) % names.length] ?? "");
    const connected = (name: string) => this.#sessions.has(name) ? 0 : 1;
    const reasons: string[] = [];
    for (const name of turned.toSorted((one, other) => connected(one) - connected(other))) {
      const address = addresses.get(name);
      if (address === undefined) continue;
      try {
        return await this.#session(address, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        reasons.push(reasonOf(error));
      }
    }
    this.#turn++;
    const more = reasons.length > MOST_TOLD ? `; and ${reasons.length - MOST_TOLD} more` : "";
    throw new BrokerError(reasons.slice(0, MOST_TOLD).join("; ") + more);
  }

  close(): void {
    for (const session of this.#sessions.values()) {
      session.then(({ connection }) => connection.close(), () => {});
    }
    this.#sessions.clear();
  }

  #isFresh(name: string): boolean {
    const known = this.#topics.get(name);
    if (known === undefined) return false;
    const age = known.topic.leaders.includes(-1) ? LEADERLESS_AGE : METADATA_AGE;
    return performance.now() - known.since < age;
  }

  async #ask(
    names: readonly string[],
    create: boolean,
    signal: AbortSignal,
  ): Promise<readonly TopicMetadata[]> {
    const { connection } = await this.any(signal);
    let reader: WireReader;
    try {
      reader = await connection.request(metadataRequest(names, create), signal);
    } catch (error) {
      // Another one is asked the next time.
      this.#sessions.delete(connection.broker);
      this.#turn++;
      if (this.#isUnderstood || this.#options.credentials !== undefined || signal.aborted) throw error;
      // Brokers tell their versions to everybody, and then hang up on who has not logged in.
      const reason = reasonOf(error);
      throw new BrokerError(
        reason.endsWith(CLOSED) ? `${reason} (if it wants a login: look at sasl_enabled)` : reason,
        { cause: error },
      );
    }
    this.#isUnderstood = true;
    const { brokers, topics } = readMetadata(reader);
    if (brokers.size > 0) this.#brokers = brokers;
    if (this.#topics.size + topics.length > MOST_TOPICS) this.#topics.clear();
    const since = performance.now();
    for (const topic of topics) {
      // What is wrong with a topic may end at any time.
      if (topic.error !== 0 || topic.leaders.length === 0) this.#topics.delete(topic.name);
      else this.#topics.set(topic.name, { topic, since });
    }
    return topics;
  }

  async #session(address: BrokerAddress, signal: AbortSignal): Promise<Session> {
    const name = brokerText(address);
    const known = await this.#sessions.get(name)?.catch(() => undefined);
    if (known?.connection.isOpen && performance.now() < known.expires) return known;
    known?.connection.close();
    const opening = this.#open(address, signal);
    this.#sessions.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#sessions.get(name) === opening) this.#sessions.delete(name);
      throw error;
    }
  }

  async #open(address: BrokerAddress, signal: AbortSignal): Promise<Session> {
    const connection = await BrokerConnection.open(address, this.#options, signal);
    try {
      const versions = readApiVersions(await connection.request(apiVersionsRequest, signal));
      if (versions === undefined) throw new Error("it has no version of the protocol that is known here");
      const { credentials } = this.#options;
      const lifetime = credentials === undefined
        ? 0
        : await logIn(connection, versions.saslAuthenticate, credentials, signal);
      // Some time before the broker ends it.
      const expires = lifetime > 0 ? performance.now() + lifetime * 0.8 : Infinity;
      return { connection, versions, expires };
    } catch (error) {
      connection.close();
      if (error instanceof BrokerError) throw error;
      throw new BrokerError(`broker ${connection.broker}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** Authenticates. Answers the milliseconds until the broker ends the session; 0: it never does. */
async function logIn(
  connection: BrokerConnection,
  version: number,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<number> {
  const { mechanism } = credentials;
  const shaken = readSaslHandshake(await connection.request(saslHandshakeRequest(mechanism), signal));
  if (shaken.error !== 0) {
    throw new Error(`it does not take ${mechanism}, only ${shaken.mechanisms.join(", ") || "no SASL"}`);
  }
  let lifetime = 0;
  await authenticate(credentials, async (message) => {
    const reader = await connection.request(saslAuthenticateRequest(message, version), signal);
    const answer = readSaslAuthenticate(reader, version);
    if (answer.error !== 0) throw new Error(errorText(answer.error));
    lifetime = answer.lifetime;
    return answer.message;
  });
  return lifetime;
}
