import { join } from "node:path";
import { DeliveredFiles } from "../support/delivered.ts";
import { scriptCommand } from "./subjects.ts";

/** How records are gathered, by the agent and by the bare producer. */
export interface Batching {
  readonly events: number;
  readonly bytes: number;
  /** Sends that may be under way at once. */
  readonly concurrency: number;
}

/** A server, or what stands for one, that takes the lines of one run after the other. */
export interface Destination extends AsyncDisposable {
  /** What it is, for titles. */
  readonly server: string;
  readonly batching: Batching;
  /** Share of the usual lines that a run has, for servers that take long. */
  readonly share?: number;
  /** Throws away what runs before have left, as far as that would slow it down. */
  empty?(): void | Promise<void>;
  /** Keys of the output's block, but for those of batches. */
  block(): Readonly<Record<string, unknown>>;
  /** Where the bare producer sends to, and the topic or the like there. */
  bare(): { readonly to: string; readonly name?: string };
  /**
   * How many lines there are, those of runs before included unless they were thrown away. Where nobody can tell, the
   * sender's own count is taken.
   */
  count?(): number | Promise<number>;
}

/** Why there is no such destination on this machine. */
export interface Missing {
  readonly missing: string;
}

/** Starts a destination, whose files are in a directory that exists. */
export type Start = (place: string) => Promise<Destination | Missing>;

const MEBIBYTE = 1024 * 1024;
/** What a user writes who wants throughput. */
export const LARGE: Batching = { events: 5000, bytes: MEBIBYTE, concurrency: 1 };

/** Destinations that are no server of others: what they cost is next to nothing. */
export const SIMPLE: Readonly<Record<"null" | "file" | "http" | "socket", Start>> = {
  null: () =>
    Promise.resolve({
      ...{ server: "nowhere", batching: LARGE, block: () => ({}), bare: () => ({ to: "" }) },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  file(place) {
    const directory = join(place, "out");
    const path = join(directory, "app.log");
    Deno.mkdirSync(directory);
    const files = new DeliveredFiles(path);
    return Promise.resolve({
      ...{ server: "a file, forced to the disk at the end", batching: LARGE },
      block: () => ({ path, encoding: "json" }),
      bare: () => ({ to: path }),
      empty() {
        Deno.writeTextFileSync(path, "");
      },
      count: () => files.lines,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
  async http() {
    const { ports: [port], stop } = await startSink("http_sink", ["0"]);
    const endpoint = `http://127.0.0.1:${port}/`;
    return {
      ...{ server: "a sink on this runtime", batching: { ...LARGE, concurrency: 2 } },
      block: () => ({ endpoint, concurrency: 2 }),
      bare: () => ({ to: endpoint }),
      count: async () => (await (await fetch(`${endpoint}count`)).json()).lines,
      [Symbol.asyncDispose]: stop,
    };
  },
  async socket() {
    const { ports: [port, figures], stop } = await startSink("line_sink", []);
    const address = `127.0.0.1:${port}`;
    return {
      ...{ server: "a sink on this runtime, TCP", batching: LARGE },
      block: () => ({ address: `tcp://${address}` }),
      bare: () => ({ to: address }),
      count: async () => Number(await (await fetch(`http://127.0.0.1:${figures}/`)).text()),
      [Symbol.asyncDispose]: stop,
    };
  },
};

/** Starts a script that tells its ports on stdout. */
async function startSink(
  name: "http_sink" | "line_sink",
  args: readonly string[],
): Promise<{ ports: number[]; stop: () => Promise<void> }> {
  const [program = "", ...options] = scriptCommand(name, ["--allow-net=127.0.0.1"], args);
  const child = new Deno.Command(program, {
    args: options,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    ports: new TextDecoder().decode(value).trim().split(" ").map(Number),
    async stop() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
