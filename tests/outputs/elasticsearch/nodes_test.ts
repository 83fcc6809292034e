import assert from "node:assert/strict";
import { type ClusterNode, Nodes } from "../../../src/outputs/elasticsearch/nodes.ts";
import { RecordingLog } from "../../contracts/batches.ts";
import { failure, never } from "./support.ts";

/** Nodes of these names whose state a test decides; the time stands still unless it is set. */
class Fleet {
  readonly log = new RecordingLog();
  readonly asked: string[] = [];
  readonly down = new Set<string>();
  readonly status = new Map<string, number>();
  now = 0;
  /** How long a node that is down takes to fail, in ms. */
  slow = 0;
  readonly nodes: Nodes;

  constructor(names: readonly string[]) {
    const nodes = names.map((name): ClusterNode => ({
      url: new URL(`http://${name}:9200`),
      authorization: undefined,
    }));
    this.nodes = new Nodes(nodes, this.log, () => this.now);
  }

  request(timeout = 1000, signal: AbortSignal = never): Promise<{ readonly status: number }> {
    return this.nodes.request(
      ({ url: { hostname } }) => {
        this.asked.push(hostname);
        if (this.down.has(hostname)) {
          this.now += this.slow;
          return Promise.reject(new Error(`${hostname} is down`));
        }
        return Promise.resolve({ status: this.status.get(hostname) ?? 200 });
      },
      timeout,
      signal,
    );
  }

  async requests(count: number): Promise<string> {
    this.asked.length = 0;
    for (let n = 0; n < count; n++) await this.request().catch(() => {});
    return this.asked.join("");
  }
}

Deno.test("Nodes are asked in turn", async () => {
  assert.equal(await new Fleet(["a", "b", "c"]).requests(7), "abcabca");
});

Deno.test("Nodes leave out one that fails, longer each time, and go on with the next at once", async () => {
  const fleet = new Fleet(["a", "b"]);
  fleet.down.add("a");
  assert.equal(await fleet.requests(3), "abbb");
  fleet.now = 999;
  assert.equal(await fleet.requests(2), "bb");
  fleet.now = 1000;
  assert.equal(await fleet.requests(3), "abbb");
  fleet.now = 2999;
  assert.equal(await fleet.requests(2), "bb");
  fleet.now = 3000;
  fleet.down.delete("a");
  assert.equal(await fleet.requests(4), "abab");
  fleet.down.add("a");
  await fleet.requests(2);
  fleet.now = 4000;
  assert.match(await fleet.requests(2), /a/, "a success has reset the pause");
  assert.equal(fleet.log.of("warn").length, 2);
});

Deno.test("Nodes leave out one that has lost its cluster; its answer counts", async () => {
  const fleet = new Fleet(["a", "b"]);
  for (const status of [502, 503, 504]) {
    fleet.status.set("a", status);
    fleet.now += 100_000;
    assert.match(await fleet.requests(4), /^(?:abbb|babb)$/);
  }
  fleet.now += 100_000;
  fleet.status.set("a", 429);
  assert.match(await fleet.requests(4), /^(?:abab|baba)$/);
});

Deno.test("Nodes are all tried once when all fail, and the last failure is told", async () => {
  const fleet = new Fleet(["a", "b", "c"]);
  for (const name of ["a", "b", "c"]) fleet.down.add(name);
  assert.equal((await failure(fleet.request())).message, "c is down");
  assert.equal(fleet.asked.join(""), "abc");
  fleet.down.delete("b");
  assert.equal((await fleet.request()).status, 200);
});

Deno.test("Nodes ask no further one once the time of a request has passed, or when told to stop", async () => {
  const fleet = new Fleet(["a", "b"]);
  fleet.down.add("a");
  fleet.slow = 1000;
  assert.equal((await failure(fleet.request(1000))).message, "a is down");
  const stop = new AbortController();
  stop.abort();
  const stopped = new Fleet(["a", "b"]);
  stopped.down.add("a");
  assert.equal((await failure(stopped.request(1000, stop.signal))).message, "a is down");
  assert.deepEqual(stopped.log.lines, []);
});

Deno.test("Nodes say nothing of a single one: the sender does", async () => {
  const fleet = new Fleet(["a"]);
  fleet.down.add("a");
  await fleet.requests(3);
  assert.deepEqual(fleet.log.lines, []);
});
