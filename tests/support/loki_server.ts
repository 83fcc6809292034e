import { Buffer } from "node:buffer";
import type { Delivered } from "./delivered.ts";
import {
  type ArrivedRequest,
  type Behaviour,
  HttpDestination,
  plainBody,
  type Reply,
} from "./http_destination.ts";

/** An entry as Loki keeps it. */
export interface LokiEntry {
  readonly tenant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nanoseconds: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a request holds. Throws if it is none that Loki takes. */
export function pushedEntries(request: ArrivedRequest): LokiEntry[] {
  const { streams } = JSON.parse(new TextDecoder().decode(plainBody(request)));
  const entries: LokiEntry[] = [];
  for (const { stream, values } of streams) {
    for (const [nanoseconds, line, metadata = {}, ...more] of values) {
      for (const text of [nanoseconds, line, ...Object.values(stream), ...Object.values(metadata)]) {
        if (typeof text !== "string") throw new Error(`Cannot take ${JSON.stringify(text)}: it is no string`);
      }
      if (more.length > 0) throw new Error("Cannot take an entry of more than three members");
      entries.push({
        tenant: request.headers.get("x-scope-orgid") ?? "fake",
        labels: stream,
        nanoseconds: BigInt(nanoseconds),
        line,
        metadata,
      });
    }
  }
  return entries;
}

/** How the server judges entries. */
export interface LokiLimits {
  /** Entries before this time are ignored, as by an ingester that is ahead of them; nanoseconds. */
  readonly oldest?: bigint;
  /** Entries with longer lines are ignored. */
  readonly longestLine?: number;
  /** Requests need a tenant. */
  readonly tenants?: boolean;
}

/**
 * A server that takes what Loki takes, keeps an entry of the same stream, moment and line once, and answers as Loki
 * does where it ignores some. `trouble` decides first: a reply of its own, or undefined.
 */
export class LokiServer implements AsyncDisposable {
  /** Each entry once. */
  readonly entries: LokiEntry[] = [];
  readonly destination: HttpDestination;
  limits: LokiLimits = {};
  trouble: (request: ArrivedRequest, number: number) => Reply | undefined = () => undefined;
  readonly #known = new Set<string>();

  constructor() {
    const behaviour: Behaviour = (request, number) => {
      const reply = this.trouble(request, number);
      if (reply !== undefined && reply.keep !== true) return reply;
      const answer = this.#push(request);
      return reply ?? answer;
    };
    this.destination = HttpDestination.start(behaviour);
  }

  /** The lines of all entries, in the order of arrival. */
  delivered(): Delivered {
    const { entries } = this;
    return {
      get lines() {
        return entries.length;
      },
      bytes: () => Buffer.concat(entries.map(({ line }) => Buffer.from(`${line}\n`, "latin1"))),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destination[Symbol.asyncDispose]();
  }

  #push(request: ArrivedRequest): Reply {
    if (!request.target.endsWith("/loki/api/v1/push")) return { status: 404, body: "404 page not found" };
    if (this.limits.tenants === true && !request.headers.has("x-scope-orgid")) {
      return { status: 401, body: "no org id" };
    }
    const entries = pushedEntries(request);
    if (entries.length === 0) {
      return { status: 422, body: "error at least one valid stream is required for ingestion" };
    }
    const { oldest = 0n, longestLine = Infinity } = this.limits;
    const ignored: string[] = [];
    for (const entry of entries) {
      const stream = JSON.stringify(entry.labels);
      if (entry.nanoseconds < oldest) {
        const limit = new Date(Number(oldest / 1_000_000n)).toISOString().replace(/\.\d+Z$/, "Z");
        ignored.push(
          `entry with timestamp ${entry.nanoseconds} ignored, reason: 'entry too far behind, oldest acceptable timestamp is: ${limit}',`,
        );
      } else if (entry.line.length > longestLine) {
        ignored.push(
          `max entry size '${longestLine}' bytes exceeded for stream '${stream}' while adding an entry with length '${entry.line.length}' bytes`,
        );
      } else this.#keep(entry, stream);
    }
    if (ignored.length === 0) return { status: 204 };
    const shown = ignored.slice(0, 10).join("\n");
    return { status: 400, body: `${shown}\ntotal ignored: ${ignored.length} out of ${entries.length}` };
  }

  #keep(entry: LokiEntry, stream: string): void {
    const key = `${entry.tenant} ${stream} ${entry.nanoseconds} ${entry.line}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.entries.push(entry);
  }
}
