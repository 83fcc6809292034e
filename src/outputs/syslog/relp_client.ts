import { Buffer } from "node:buffer";
import type { EncodedBatch } from "../../batch.ts";
import { VERSION } from "../../lib/version.ts";
import { writeNumber } from "../socket/framing.ts";
import { type ConnectionOptions, StreamConnection } from "../socket/stream_connection.ts";
import { nameOf } from "../socket/address.ts";

// A frame: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. The answer to each has its TXNR and the command `rsp`, and its
// data begin with a status: 200 or 500.

const LINE_FEED = 10;
const SPACE = 32;
const COMMAND = new TextEncoder().encode(" syslog ");
const LARGEST_TXNR = 999_999_999;
/** A longer answer is none. */
const LONGEST_ANSWER = 64 * 1024;

interface Answer {
  readonly txnr: number;
  readonly command: string;
  readonly data: string;
}

/** A session of RELP: each message is acknowledged once the server has taken it. */
export class RelpClient {
  readonly #connection: StreamConnection;
  readonly #options: ConnectionOptions;
  #txnr = 0;
  #onAnswer: (answer: Answer) => void = () => {};

  private constructor(connection: StreamConnection, options: ConnectionOptions, inbox: RelpReader) {
    this.#connection = connection;
    this.#options = options;
    inbox.onAnswer = (answer) => this.#onAnswer(answer);
  }

  /** Connects and opens a session. Throws an Error that names the server. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<RelpClient> {
    const inbox = new RelpReader();
    const connection = await StreamConnection.open(
      { ...options, onBytes: (bytes) => inbox.take(bytes) },
      signal,
    );
    const client = new RelpClient(connection, options, inbox);
    try {
      const offer = `relp_version=0\nrelp_software=logaggregator,${VERSION}\ncommands=syslog`;
      const { data } = await client.#ask("open", offer, signal);
      if (!data.startsWith("200 ")) throw new Error(`${client.#name} refused the session: ${excerpt(data)}`);
      if (!/^commands=(?:.*,)?syslog(?:,.*)?$/m.test(data)) {
        throw new Error(`${client.#name} takes no syslog messages`);
      }
      return client;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Why the session is of no use any more; undefined while it is. */
  get failure(): Error | undefined {
    return this.#connection.failure;
  }

  /**
   * Sends messages and waits for all their answers. Resolves with the records that the server did not take, and what
   * it said of the last of them. Throws where answers are missing.
   */
  async send(batch: EncodedBatch, signal: AbortSignal): Promise<{ refused: number[]; reason: string }> {
    const count = batch.ends.length;
    if (this.#txnr + count > LARGEST_TXNR) this.#txnr = 1;
    const first = this.#txnr + 1;
    const answered = new Uint8Array(count);
    const refused: number[] = [];
    let reason = "";
    let missing = count;
    let done: () => void = () => {};
    this.#onAnswer = ({ txnr, command, data }) => {
      const index = txnr - first;
      if (command === "serverclose") this.close();
      if (command !== "rsp" || !(index >= 0 && index < count) || answered[index] === 1) return;
      answered[index] = 1;
      if (!data.startsWith("200")) {
        refused.push(index);
        reason = excerpt(data);
      }
      if (--missing === 0) done();
    };
    try {
      await this.#connection.write(this.#frames(batch), signal);
      const { timeout } = this.#options;
      const isAnswered = missing === 0 ||
        await this.#connection.until(timeout, signal, (settle) => done = settle);
      if (!isAnswered) {
        throw new Error(`${this.#name} has not acknowledged ${missing} of ${count} messages in time`);
      }
      return { refused: refused.sort((a, b) => a - b), reason };
    } catch (error) {
      // Answers that still come must not be taken for those of the next messages.
      this.close();
      throw error;
    } finally {
      this.#onAnswer = () => {};
    }
  }

  /** Ends the session in good order, so that the server does not complain. */
  async finish(signal: AbortSignal): Promise<void> {
    try {
      await this.#ask("close", "", signal);
    } catch {
      // It ends in any case.
    }
    this.close();
  }

  close(): void {
    this.#connection.close();
  }

  get #name(): string {
    return nameOf(this.#options.address);
  }

  async #ask(command: string, data: string, signal: AbortSignal): Promise<Answer> {
    const txnr = ++this.#txnr;
    let answer: Answer | undefined;
    let done: () => void = () => {};
    this.#onAnswer = (given) => {
      if (given.txnr !== txnr || given.command !== "rsp") return;
      answer = given;
      done();
    };
    const text = data === "" ? "0" : `${Buffer.byteLength(data)} ${data}`;
    await this.#connection.write(new TextEncoder().encode(`${txnr} ${command} ${text}\n`), signal);
    if (answer === undefined) {
      await this.#connection.until(this.#options.timeout, signal, (settle) => done = settle);
    }
    if (answer === undefined) throw new Error(`${this.#name} does not answer in RELP`);
    return answer;
  }

  #frames({ bytes, ends }: EncodedBatch): Uint8Array {
    // Two numbers of at most ten digits, the command, a space and the line feed.
    const frames = new Uint8Array(bytes.length + ends.length * (22 + COMMAND.length));
    let at = 0;
    let start = 0;
    for (const end of ends) {
      at = writeNumber(frames, at, ++this.#txnr);
      frames.set(COMMAND, at);
      at = writeNumber(frames, at + COMMAND.length, end - start);
      if (end > start) frames[at++] = SPACE;
      frames.set(bytes.subarray(start, end), at);
      at += end - start;
      frames[at++] = LINE_FEED;
      start = end;
    }
    return frames.subarray(0, at);
  }
}

/** Takes answers out of what a server sends. */
class RelpReader {
  onAnswer: (answer: Answer) => void = () => {};
  #rest = Buffer.alloc(0);

  take(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = /^(\d{1,9}) ([A-Za-z]{1,32}) (\d{1,9})([ \n])/.exec(
        this.#rest.subarray(0, 64).toString("latin1"),
      );
      if (head === null) {
        if (this.#rest.length >= 64) throw new Error("the server does not speak RELP");
        return;
      }
      const [all, txnr = "", command = "", digits = ""] = head;
      const length = Number(digits);
      if (length > LONGEST_ANSWER) throw new Error("the server does not speak RELP");
      const start = length === 0 ? all.length - 1 : all.length;
      // Without data, there may be a space before the line feed or not.
      const end = length === 0 && all.endsWith(" ") ? start + 1 : start + length;
      if (this.#rest.length <= end) return;
      const data = this.#rest.subarray(start, end).toString("utf8");
      this.#rest = this.#rest.subarray(end + 1);
      this.onAnswer({ txnr: Number(txnr), command, data });
    }
  }
}

function excerpt(data: string): string {
  const [line = ""] = data.split("\n");
  return `"${line.replace(/\p{Cc}/gu, " ").slice(0, 200)}"`;
}
