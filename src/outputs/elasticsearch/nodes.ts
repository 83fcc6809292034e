import type { Log } from "../../lib/log.ts";
import { formatDuration } from "../../lib/duration.ts";
import { reasonOf } from "../../lib/reason.ts";

/** One node of a cluster. */
export interface ClusterNode {
  /** Where its API begins, without credentials. */
  readonly url: URL;
  /** Its own credentials, as a header; undefined: those of all. */
  readonly authorization: string | undefined;
}

interface State extends ClusterNode {
  failures: number;
  /** It is left out until then, in ms since 1970. */
  deadUntil: number;
}

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/**
 * The nodes that requests go to, in turn. One that fails is left out for a while, longer each time; when all have
 * failed, the one whose pause ends first is asked.
 */
export class Nodes {
  readonly #nodes: readonly State[];
  readonly #log: Log;
  readonly #now: () => number;
  #next = 0;

  /** `now`: milliseconds since 1970. */
  constructor(nodes: readonly ClusterNode[], log: Log, now: () => number) {
    this.#nodes = nodes.map((node) => ({ ...node, failures: 0, deadUntil: 0 }));
    this.#log = log;
    this.#now = now;
  }

  /**
   * Makes a request at one node after the other until one answers, as long as `timeout` has not passed, in ms. `make`
   * throws if there is no answer. What the last one of them answers or throws is the result.
   */
  async request<Answer extends { readonly status: number }>(
    make: (node: ClusterNode) => Promise<Answer>,
    timeout: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const end = this.#now() + timeout;
    const tried = new Set<State>();
    for (;;) {
      const node = this.#choose(tried);
      tried.add(node);
      try {
        const answer = await make(node);
        // Such a node has lost its cluster, or is a proxy that has lost its node.
        if (answer.status >= 502 && answer.status <= 504) this.#failed(node, `it answered ${answer.status}`);
        else node.failures = node.deadUntil = 0;
        return answer;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#failed(node, reasonOf(error));
        if (tried.size === this.#nodes.length || this.#now() >= end) throw error;
      }
    }
  }

  /** One that was not tried, alive if possible. */
  #choose(tried: ReadonlySet<State>): State {
    const now = this.#now();
    const { length } = this.#nodes;
    let best: State | undefined;
    for (let i = 0; i < length; i++) {
      const at = (this.#next + i) % length;
      const node = this.#nodes[at];
      if (node === undefined || tried.has(node)) continue;
      if (node.deadUntil <= now) {
        this.#next = at + 1;
        return node;
      }
      if (best === undefined || node.deadUntil < best.deadUntil) best = node;
    }
    if (best === undefined) throw new RangeError("Cannot choose a node: there is none left");
    return best;
  }

  #failed(node: State, reason: string): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** node.failures++, LONGEST_PAUSE);
    node.deadUntil = this.#now() + pause;
    // A single node has the sender's words.
    if (node.failures > 1 || this.#nodes.length === 1) return;
    this.#log.warn(
      `Node ${node.url.host} is left out for ${formatDuration(pause)}: ${reason}; the others are asked`,
      { node: node.url.host },
    );
  }
}
