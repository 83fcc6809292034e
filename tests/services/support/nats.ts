import * as fs from "node:fs";
import { join } from "node:path";
import { install, run } from "./install.ts";
import { freePort, ServerProcess } from "./server_process.ts";

/** Builds a program with the Go toolchain. */
function goInstall(packages: string): (directory: string) => Promise<void> {
  return async (directory) => {
    await run("go", ["install", packages], { env: { ...Deno.env.toObject(), GOBIN: directory } });
  };
}

/** The NATS server. */
export const natsServer = await install(
  ...["nats-server", "v2.15.2", goInstall("github.com/nats-io/nats-server/v2@v2.15.2")] as const,
);

/** Its command line client. */
export const natsCli = await install(
  ...["nats-cli", "v0.5.0", goInstall("github.com/nats-io/natscli/nats@v0.5.0")] as const,
);

/** A NATS server with JetStream. */
export class Nats implements AsyncDisposable {
  readonly port = freePort();
  readonly #process: ServerProcess;

  private constructor(
    server: string,
    readonly cli: string,
    readonly place: string,
    settings: string,
    readonly login: readonly string[],
  ) {
    const configuration = join(place, "nats.conf");
    fs.writeFileSync(
      configuration,
      `host: 127.0.0.1\nport: ${this.port}\njetstream { store_dir: "${place}/store" }\n${settings}\n`,
    );
    this.#process = new ServerProcess({
      command: join(server, "nats-server"),
      args: ["-c", configuration],
      port: this.port,
    });
  }

  /** `settings`: more of the configuration; `login`: how the client logs in, as its arguments. */
  static async start(
    [server = "", cli = ""]: readonly string[],
    place: string,
    settings = "",
    login: readonly string[] = [],
  ): Promise<Nats> {
    fs.mkdirSync(place, { recursive: true });
    const nats = new Nats(server, join(cli, "nats"), place, settings, login);
    await nats.#process.start();
    return nats;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Kills it at once and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.#process.stop("SIGKILL");
    await this.#process.start();
  }

  /** What the client prints. */
  run(...args: readonly string[]): Promise<string> {
    return run(this.cli, ["--server", this.address, ...this.login, ...args], {
      env: { ...Deno.env.toObject(), HOME: this.place },
    });
  }

  /** Makes a stream of these subjects, stored in files. */
  async addStream(name: string, subjects: string, ...more: readonly string[]): Promise<void> {
    await this.run(
      ...["stream", "add", name, "--subjects", subjects, "--storage", "file", "--defaults"],
      ...more,
    );
  }

  async count(stream: string): Promise<number> {
    const { state } = JSON.parse(await this.run("stream", "info", stream, "--json"));
    return state.messages;
  }

  /** The bodies of all messages of a stream, without those that hold line breaks. */
  async messages(stream: string, subject: string): Promise<string[]> {
    const count = await this.count(stream);
    const text = await this.run(
      ...["subscribe", subject, "--stream", stream, "--all", "--raw", "--count", String(count)],
    );
    return text.split("\n").slice(0, -1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
