import { until } from "../../support/wait.ts";

/** How a server is started. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it must accept connections before it counts as started. */
  readonly port: number;
}

/** A server as a child process that can be restarted. */
export class ServerProcess implements AsyncDisposable {
  #child: Deno.ChildProcess | undefined;
  #output = "";
  #reading: Promise<unknown> = Promise.resolve();

  constructor(readonly options: ServerCommand) {}

  async start(): Promise<void> {
    const { command, args, env = {}, port } = this.options;
    const child = new Deno.Command(command, {
      args: [...args],
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    let ended = false;
    child.status.then(() => ended = true);
    this.#reading = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]);
    await until(`${command} on port ${port}`, () => accepts(port), {
      hopeless: () => ended ? `it ended; its output: ${this.#output.slice(-2000)}` : undefined,
    });
  }

  /** Ends it and waits until it is gone. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
    await child.status;
    await this.#reading;
  }

  /** What it wrote, for errors. */
  get output(): string {
    return this.#output;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("SIGKILL");
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#output = (this.#output + decoder.decode(chunk, { stream: true })).slice(-20_000);
    }
  }
}

/** A port of the loopback address that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
