import { Buffer } from "node:buffer";
import { LetterArchive } from "../../src/delivery/letter_archive.ts";
import { filesBelow } from "./delivered.ts";
import { ElasticsearchServer, type Faults } from "./elasticsearch_server.ts";
import { type ArrivedRequest, type Behaviour, HttpDestination, plainBody } from "./http_destination.ts";
import { until } from "./wait.ts";
import type { Block } from "./workspace.ts";

/** A record as it arrived. */
export interface Arrival {
  /** As its writer made it, without the line break. */
  readonly message: string;
  /** Its number, from 1. */
  readonly n: number;
  /** The version of its transforms and of its output's keys; undefined where it does not show. */
  readonly transforms: string | undefined;
  readonly output: string | undefined;
}

/** A destination that works, misbehaves for a while, and works again. */
export interface FaultyDestination extends AsyncDisposable {
  /** The configuration of an output to it; `version` shows in what arrives. */
  output(version: string, keys?: Block): Block;
  misbehave(): Promise<void>;
  recover(): Promise<void>;
  /** Resolves once nothing is under way any more; the agent must be gone. */
  settled(): Promise<void>;
  /** Requests that came. */
  readonly requests: number;
  /** What has arrived. Requests that repeat an idempotency key count once, since a server can tell. */
  arrivals(): readonly Arrival[];
}

/** The lines of the writer whose records have arrived. */
export function linesOf(arrivals: readonly Arrival[]): Uint8Array {
  return Buffer.from(arrivals.map(({ message }) => `${message}\n`).join(""), "latin1");
}

/** The records of an output in a dead letter queue. */
export class ArrivedLetters {
  #arrivals: readonly Arrival[] = [];
  #size = 0;

  constructor(readonly directory: string, readonly output: string) {}

  /** Reads the queue if it has changed. */
  async arrivals(): Promise<readonly Arrival[]> {
    const size = sizeBelow(this.directory);
    if (size === this.#size) return this.#arrivals;
    this.#size = size;
    await using archive = new LetterArchive(this.directory);
    const letters = (await Array.fromAsync(archive.letters())).map(({ letter }) => letter);
    return this.#arrivals = letters.filter((letter) => letter?.to?.output === this.output)
      .map((letter) => arrivalOf(new TextDecoder().decode(letter?.record)));
  }
}

function sizeBelow(directory: string): number {
  try {
    return filesBelow(directory).reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Batches are small, and nothing takes long. */
const BATCHING = { batch_size: 50, batch_timeout: "10ms", timeout: "200ms" };

/** Takes NDJSON over HTTP; `down` closes the port. */
export class FaultyHttp implements FaultyDestination {
  readonly #fault: Behaviour | "down";
  /** The one that listens, and before it those that are gone. */
  readonly #servers = [HttpDestination.start()];
  readonly #arrivals: Arrival[] = [];
  readonly #keys = new Set<string>();
  /** Of each server, how many requests were looked at. */
  readonly #seen: number[] = [];
  #isOpen = true;

  constructor(fault: Behaviour | "down") {
    this.#fault = fault;
  }

  output(version: string, keys: Block = {}): Block {
    const http = { endpoint: this.#server.url(), headers: { "X-Version": version }, ...BATCHING, ...keys };
    return { type: "http", http };
  }

  async misbehave(): Promise<void> {
    if (this.#fault === "down") await this.close();
    else this.#server.behaviour = this.#fault;
  }

  recover(): Promise<void> {
    if (this.#fault === "down") this.open();
    else this.#server.behaviour = () => ({});
    return Promise.resolve();
  }

  /** Closes the port and all connections. */
  async close(): Promise<void> {
    if (this.#isOpen) await this.#server[Symbol.asyncDispose]();
    this.#isOpen = false;
  }

  /** Listens again, and behaves as before. */
  open(): void {
    const { behaviour, port } = this.#server;
    this.#servers.push(HttpDestination.start(behaviour, port));
    this.#isOpen = true;
  }

  async settled(): Promise<void> {
    await until("the end of all connections", () => this.#server.open === 0);
  }

  get requests(): number {
    return this.#servers.reduce((sum, { requests }) => sum + requests.length, 0);
  }

  arrivals(): readonly Arrival[] {
    for (const [index, { kept }] of this.#servers.entries()) {
      for (const request of kept.slice(this.#seen[index] ?? 0)) this.#take(request);
      this.#seen[index] = kept.length;
    }
    return this.#arrivals;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #server(): HttpDestination {
    return this.#servers.at(-1)!;
  }

  #take(request: ArrivedRequest): void {
    const key = request.headers.get("idempotency-key") ?? "none";
    if (!hasRecords(request) || this.#keys.has(key)) return;
    this.#keys.add(key);
    const version = request.headers.get("x-version") ?? undefined;
    this.#arrivals.push(...linesIn(request).map((line) => arrivalOf(line, version)));
  }
}

/** A cluster that stores each document once. */
export class FaultyCluster implements FaultyDestination {
  readonly #server = ElasticsearchServer.start();
  readonly #faults: Faults;
  readonly #arrivals: Arrival[] = [];

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  output(version: string, keys: Block = {}): Block {
    const addresses = [this.#server.url];
    const elasticsearch = { addresses, index: `v${version}`, index_rotation: "none", ...BATCHING, ...keys };
    return { type: "elasticsearch", elasticsearch };
  }

  misbehave(): Promise<void> {
    this.#server.faults = this.#faults;
    return Promise.resolve();
  }

  recover(): Promise<void> {
    this.#server.faults = {};
    return Promise.resolve();
  }

  async settled(): Promise<void> {
    await until("the end of all connections", () => this.#server.http.open === 0);
  }

  get requests(): number {
    return this.#server.http.requests.length;
  }

  /** A record that is in two indices, since the configuration has changed between two sends, is there twice. */
  arrivals(): readonly Arrival[] {
    for (const { text, index } of this.#server.documents.slice(this.#arrivals.length)) {
      this.#arrivals.push(arrivalOf(text, index.slice(1)));
    }
    return this.#arrivals;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** The numbers of the records in a request. */
export function numbersIn(request: ArrivedRequest): number[] {
  return linesIn(request).map((line) => arrivalOf(line).n);
}

function hasRecords({ method }: ArrivedRequest): boolean {
  return method === "POST";
}

function linesIn(request: ArrivedRequest): string[] {
  return new TextDecoder().decode(plainBody(request)).split("\n").slice(0, -1);
}

function arrivalOf(event: string, output?: string): Arrival {
  const { message, fields } = JSON.parse(event);
  return { message, n: fields.n, transforms: fields.version, output };
}
