import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Delivered } from "../../support/delivered.ts";
import { until } from "../../support/wait.ts";
import { install, run } from "./install.ts";

const VERSION = "1.52.1";

/** VictoriaLogs, built from its sources. */
export const victoriaLogs = await install("victorialogs", VERSION, async (directory) => {
  await run("go", ["install", `github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v${VERSION}`], {
    env: { GOBIN: directory, CGO_ENABLED: "0" },
  });
});

/** A record as VictoriaLogs keeps it. */
export type StoredRecord = Readonly<Record<string, string>>;

/** A running VictoriaLogs with data of its own. */
export class VictoriaLogs implements AsyncDisposable {
  #child: Deno.ChildProcess | undefined;

  private constructor(readonly program: string, readonly data: string, readonly port: number) {}

  /** Starts the server that is installed in `directory` on a free port; its data stand in `data`. */
  static async start(directory: string, data: string): Promise<VictoriaLogs> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const server = new VictoriaLogs(join(directory, "victoria-logs"), data, port);
    await server.#run();
    return server;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Stops the server, lets `meanwhile` happen, and starts it again on the same data and port. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.#stop();
    await meanwhile();
    await this.#run();
  }

  /** All records that a query finds, read over the server's own interface; none while it is down. */
  async query(query: string): Promise<StoredRecord[]> {
    const body = new URLSearchParams({ query, limit: "10000000" });
    const response = await fetch(this.url("/select/logsql/query"), { method: "POST", body }).catch(() =>
      undefined
    );
    const text = await response?.text() ?? "";
    if (response === undefined) return [];
    if (response.status !== 200) throw new Error(`VictoriaLogs answered ${response.status}: ${text}`);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** How many records there are. */
  async count(): Promise<number> {
    const [row] = await this.query("* | stats count() as n");
    return Number(row?.["n"] ?? 0);
  }

  /** The messages of all records as the lines that their writer made. */
  async delivered(): Promise<Delivered> {
    const rows = await this.query("* | sort by (_time) | fields _msg");
    const lines = rows.map((row) => Buffer.from(`${row["_msg"]}\n`, "latin1"));
    return { lines: lines.length, bytes: () => Buffer.concat(lines) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #run(): Promise<void> {
    this.#child = new Deno.Command(this.program, {
      args: [
        `-httpListenAddr=127.0.0.1:${this.port}`,
        `-storageDataPath=${this.data}`,
        "-retentionPeriod=100y",
        "-futureRetention=100y",
        "-loggerLevel=ERROR",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until("VictoriaLogs", async () => {
      const response = await fetch(this.url("/health")).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok;
    });
  }

  async #stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.status;
    this.#child = undefined;
  }
}
