import { FaultyCluster, type FaultyDestination, FaultyHttp, numbersIn } from "./faulty_destination.ts";
import type { Reply } from "./http_destination.ts";
import { pause } from "./wait.ts";

/** A way in which a destination misbehaves. */
export interface Fault {
  /** As in "while the destination …". */
  readonly name: string;
  /** Records may arrive without the agent getting to know. */
  readonly keeps: boolean;
  /** The agent can tell only from its own attempts. */
  readonly isSilent?: boolean;
  /** Makes dead letters. */
  readonly refuses?: boolean;
  destination(): FaultyDestination;
}

function http(name: string, keeps: boolean, reply: () => Reply | Promise<Reply>): Fault {
  return { name, keeps, destination: () => new FaultyHttp(reply) };
}

async function after(ms: number, reply: Reply): Promise<Reply> {
  await pause(ms);
  return reply;
}

/** Records that a destination refuses. */
function isRefused(n: number): boolean {
  return n % 20 === 0;
}

/** Every way in which destinations misbehave; requests time out after 200 ms. */
export const FAULTS: readonly Fault[] = [
  http("answers 503", false, () => ({ status: 503 })),
  http("answers 429 with Retry-After", false, () => ({ status: 429, headers: { "retry-after": "1" } })),
  http("hangs", false, () => ({ hang: true })),
  http("answers too late", true, () => after(400, {})),
  http("takes requests and cuts the connection", true, () => ({ cut: "before", keep: true })),
  http("closes half-way in an answer of 500", true, () => ({ status: 500, cut: "within", keep: true })),
  http("closes half-way in an answer of 200", true, () => ({ cut: "within" })),
  http("takes ten requests a second", true, () => after(100, {})),
  {
    name: "refuses single records",
    keeps: true,
    refuses: true,
    destination: () =>
      new FaultyHttp((request) => {
        const numbers = numbersIn(request);
        return { status: !numbers.some(isRefused) ? 200 : numbers.length > 1 ? 413 : 400 };
      }),
  },
  {
    name: "refuses single documents, and others for now",
    keeps: true,
    refuses: true,
    destination: () =>
      new FaultyCluster({
        item: (text) => {
          const { n } = JSON.parse(text).fields;
          if (isRefused(n)) {
            return { status: 400, error: { type: "mapper_parsing_exception", reason: "no number" } };
          }
          return n % 7 === 0 && Math.random() < 0.5
            ? { status: 429, error: { type: "es_rejected_execution_exception" } }
            : undefined;
        },
      }),
  },
  { name: "is down", keeps: false, isSilent: true, destination: () => new FaultyHttp("down") },
];
