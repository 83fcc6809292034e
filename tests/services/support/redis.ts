import * as fs from "node:fs";
import { join } from "node:path";
import { debianEnv, unpackDebian } from "./debian.ts";
import { install, run } from "./install.ts";
import { freePort, ServerProcess } from "./server_process.ts";

/** Redis and its own client. */
export const redis = await install("redis", "debian", async (directory) => {
  await unpackDebian(directory, [
    "redis-server",
    "redis-tools",
    "libjemalloc2",
    "liblua5.1-0",
    "liblzf1",
    "libhiredis0.14",
    "lua-bitop",
    "lua-cjson",
  ]);
});

/** An entry of a stream. */
export interface StreamEntry {
  readonly id: string;
  /** Names and values by turns. */
  readonly fields: readonly string[];
}

/** A Redis server that writes all it takes to a file before it answers. */
export class Redis implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  readonly #process: ServerProcess;

  private constructor(directory: string, place: string, args: readonly string[], port: number) {
    this.#directory = directory;
    this.port = port;
    this.#process = new ServerProcess({
      command: join(directory, "usr/bin/redis-server"),
      args: [
        ...["--port", String(args.includes("--tls-port") ? 0 : port), "--bind", "127.0.0.1", "--dir", place],
        ...["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no"],
        ...args,
      ],
      env: debianEnv(directory),
      port,
    });
  }

  /** `place`: a directory for its files. `args`: further settings; `port` is the one that it listens on. */
  static async start(
    directory: string,
    place: string,
    args: (port: number) => readonly string[] = () => [],
  ): Promise<Redis> {
    fs.mkdirSync(place, { recursive: true });
    const port = freePort();
    const server = new Redis(directory, place, args(port), port);
    await server.#process.start();
    return server;
  }

  /** Kills it at once and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.#process.stop("SIGKILL");
    await this.#process.start();
    // It takes connections before it has read its file.
    while ((await this.cli("PING").catch(() => "")).trim() !== "PONG");
  }

  /** What the server's own client prints for a command. */
  cli(...words: readonly string[]): Promise<string> {
    return run(join(this.#directory, "usr/bin/redis-cli"), ["-p", String(this.port), "--raw", ...words], {
      env: { ...debianEnv(this.#directory), PATH: Deno.env.get("PATH") ?? "" },
    });
  }

  async length(key: string): Promise<number> {
    return Number(await this.cli("XLEN", key));
  }

  /** All entries of a stream, each with so many fields whose values have no line breaks. */
  async entries(key: string, fields = 1): Promise<StreamEntry[]> {
    const lines = (await this.cli("XRANGE", key, "-", "+")).split("\n").slice(0, -1);
    const size = 1 + 2 * fields;
    return Array.from({ length: Math.floor(lines.length / size) }, (_, index) => {
      const [id = "", ...rest] = lines.slice(index * size, (index + 1) * size);
      return { id, fields: rest };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
