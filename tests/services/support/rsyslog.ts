import * as fs from "node:fs";
import { join } from "node:path";
import { debianEnv, librariesOf, unpackDebian } from "./debian.ts";
import { install } from "./install.ts";
import { freePort, ServerProcess } from "./server_process.ts";

/** rsyslog with TCP, UDP, RELP, and TLS. */
export const rsyslog = await install("rsyslog", "debian", async (directory) => {
  await unpackDebian(directory, [
    "rsyslog",
    "rsyslog-relp",
    "rsyslog-gnutls",
    "librelp0",
    "libestr0",
    "libfastjson4",
    "liblognorm5",
  ]);
});

/** Files of a server certificate. */
export interface RsyslogTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An rsyslog that writes what it gets to one file. */
export class Rsyslog implements AsyncDisposable {
  readonly port = freePort();
  readonly relpPort = freePort();
  /** Where messages stand: `priority|time|host|app|procid|msgid|data|message`. */
  readonly file: string;
  readonly #process: ServerProcess;

  private constructor(directory: string, readonly place: string, tls: RsyslogTls | undefined) {
    this.file = join(place, "out.log");
    const configuration = join(place, "rsyslog.conf");
    fs.writeFileSync(configuration, this.#configuration(tls));
    const modules = librariesOf(directory).map((path) => join(path, "rsyslog")).filter((path) =>
      fs.existsSync(path)
    );
    this.#process = new ServerProcess({
      command: join(directory, "usr/sbin/rsyslogd"),
      args: ["-n", "-f", configuration, "-i", join(place, "pid"), "-M", modules.join(":")],
      env: debianEnv(directory),
      port: this.port,
    });
  }

  /** `place`: a directory for its files. */
  static async start(directory: string, place: string, tls?: RsyslogTls): Promise<Rsyslog> {
    fs.mkdirSync(place, { recursive: true });
    const server = new Rsyslog(directory, place, tls);
    await server.#process.start();
    return server;
  }

  /** Kills it at once and starts it again on the same ports. */
  async restart(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    await this.#process.stop(signal);
    await this.#process.start();
  }

  /** Ends it in good order, so that all it took stands in the file. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Lines of the file. */
  lines(): string[] {
    if (!fs.existsSync(this.file)) return [];
    return fs.readFileSync(this.file, "utf8").split("\n").slice(0, -1);
  }

  /** Bytes of the file. */
  get size(): number {
    return fs.existsSync(this.file) ? fs.statSync(this.file).size : 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }

  #configuration(tls: RsyslogTls | undefined): string {
    const driver = tls === undefined
      ? ""
      : `global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${tls.ca}"
        defaultNetstreamDriverCertFile="${tls.cert}" defaultNetstreamDriverKeyFile="${tls.key}")`;
    const mode = tls === undefined
      ? ""
      : `StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"`;
    return `
${driver}
global(workDirectory="${this.place}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imtcp" ${mode})
module(load="imudp")
module(load="imrelp")
template(name="all" type="string"
  string="%PRI%|%TIMESTAMP:::date-rfc3339%|%HOSTNAME%|%APP-NAME%|%PROCID%|%MSGID%|%STRUCTURED-DATA%|%msg%\\n")
ruleset(name="out" queue.type="Direct") {
  action(type="omfile" file="${this.file}" template="all" ioBufferSize="64k" flushOnTXEnd="on")
}
input(type="imtcp" port="${this.port}" address="127.0.0.1" ruleset="out")
input(type="imudp" port="${this.port}" address="127.0.0.1" ruleset="out")
input(type="imrelp" port="${this.relpPort}" address="127.0.0.1" ruleset="out")
`;
  }
}
