import { type ArrivedRequest, HttpDestination, plainBody, type Reply } from "./http_destination.ts";

/** An event as it was sent to the HTTP Event Collector. */
export interface HecEvent {
  readonly time: number;
  readonly event: unknown;
  readonly host?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly index?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** The events of a request. Throws if it holds something else. */
export function eventsOf(request: ArrivedRequest): HecEvent[] {
  return new TextDecoder().decode(plainBody(request)).split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
}

/**
 * The HTTP Event Collector of Splunk, with one token. Events of a request before a wrong one are kept, those behind it
 * are not. `trouble` decides first: a reply of its own, or undefined.
 */
export class SplunkServer implements AsyncDisposable {
  readonly token = "11111111-2222-3333-4444-555555555555";
  readonly destination: HttpDestination;
  readonly events: HecEvent[] = [];
  /** Requests need a channel, and are acknowledged once they are indexed. */
  acknowledging = false;
  /** Whether a request is indexed by now. */
  indexed: (ackId: number) => boolean = () => true;
  indexes: readonly string[] = ["main", "other"];
  /** Answers 503 to questions about its health. */
  full = false;
  trouble: (request: ArrivedRequest, number: number) => Reply | undefined = () => undefined;
  readonly #channels = new Map<string, Set<number>>();
  #acknowledgements = 0;

  constructor() {
    this.destination = HttpDestination.start((request, number) => {
      const reply = this.trouble(request, number);
      return reply !== undefined && reply.keep !== true ? reply : { ...this.#answer(request), ...reply };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destination[Symbol.asyncDispose]();
  }

  #answer(request: ArrivedRequest): Reply {
    const { target, headers } = request;
    if (target.endsWith("/services/collector/health")) {
      return this.full
        ? reply(503, "HEC is unhealthy, queues are full", 18)
        : reply(200, "HEC is healthy", 17);
    }
    const authorization = headers.get("authorization");
    if (authorization === null) return reply(401, "Token is required", 2);
    if (!authorization.startsWith("Splunk ")) return reply(401, "Invalid authorization", 3);
    if (authorization !== `Splunk ${this.token}`) return reply(403, "Invalid token", 4);
    if (target.endsWith("/services/collector/ack")) return this.#acknowledge(request);
    if (target.endsWith("/services/collector/event")) return this.#take(request);
    return { status: 404, body: "The requested URL was not found on this server." };
  }

  #take(request: ArrivedRequest): Reply {
    const channel = request.headers.get("x-splunk-request-channel");
    if (this.acknowledging && channel === null) return reply(400, "Data channel is missing", 10);
    const events = eventsOf(request);
    if (events.length === 0) return reply(400, "No data", 5);
    for (const [number, event] of events.entries()) {
      const wrong = event.event === undefined
        ? reply(400, "Event field is required", 12, number)
        : event.event === ""
        ? reply(400, "Event field cannot be blank", 13, number)
        : !this.indexes.includes(event.index ?? "main")
        ? reply(400, "Incorrect index", 7, number + 1)
        : undefined;
      if (wrong !== undefined) return wrong;
      this.events.push(event);
    }
    if (!this.acknowledging) return reply(200, "Success", 0);
    const ackId = this.#acknowledgements++;
    const known = this.#channels.get(channel ?? "") ?? new Set();
    this.#channels.set(channel ?? "", known.add(ackId));
    return { status: 200, body: JSON.stringify({ text: "Success", code: 0, ackId }) };
  }

  /** An acknowledgement is told once, then forgotten. */
  #acknowledge(request: ArrivedRequest): Reply {
    if (!this.acknowledging) return reply(400, "ACK is disabled", 14);
    const known = this.#channels.get(request.headers.get("x-splunk-request-channel") ?? "");
    if (known === undefined) return reply(400, "Invalid data channel", 11);
    const { acks } = JSON.parse(new TextDecoder().decode(request.body)) as { acks: number[] };
    const told = acks.map((id) => [id, known.has(id) && this.indexed(id) && known.delete(id)]);
    return { status: 200, body: JSON.stringify({ acks: Object.fromEntries(told) }) };
  }
}

function reply(status: number, text: string, code: number, number?: number): Reply {
  return { status, body: JSON.stringify({ text, code, "invalid-event-number": number }) };
}
