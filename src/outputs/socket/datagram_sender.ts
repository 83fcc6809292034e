import type { Socket } from "node:dgram";
import type { EncodedBatch } from "../../batch.ts";
import { codeOf, reasonOf } from "../../lib/reason.ts";
import { sleep } from "../../lib/sleep.ts";
import type { SendResult } from "../output.ts";
import { type Address, nameOf, sourceOf } from "./address.ts";
import { contentEnd } from "./framing.ts";

const STEP_MS = 10;

/**
 * Sends each record as a datagram of UDP. That it was handed to the network is all that can be known of one.
 */
export class DatagramSender {
  readonly #address: Address;
  readonly #rate: number;
  #socket: Socket | undefined;
  /** When the next datagram may leave, by `performance.now()`. */
  #next = 0;

  /** `rate`: datagrams a second at most; 0: as many as there are. */
  constructor(address: Address, rate: number) {
    this.#address = address;
    this.#rate = rate;
  }

  async open(): Promise<void> {
    if (this.#socket !== undefined) return;
    const { createSocket } = await import("node:dgram");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const address = this.#address;
    if ("path" in address) throw new Error(`${address.path} takes no datagrams`);
    const { hostname, port } = address;
    const socket = createSocket(hostname.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    // The name is looked up once, and not for each datagram.
    socket.bind(0, sourceOf(hostname), () => socket.connect(port, hostname, () => resolve()));
    try {
      await promise;
    } catch (error) {
      socket.close();
      throw new Error(`cannot send to ${nameOf(address)}: ${reasonOf(error)}`, { cause: error });
    }
    // What the network says of datagrams that are under way is told by the callback of the next one.
    socket.removeAllListeners("error");
    socket.on("error", () => {});
    this.#socket = socket;
  }

  /** Datagrams that are too large for the protocol are rejected. */
  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    const { bytes, ends } = batch;
    const rejected: { index: number; reason: string }[] = [];
    for (let index = 0; index < ends.length; index++) {
      await this.#leave(signal);
      const datagram = bytes.subarray(index === 0 ? 0 : ends[index - 1], contentEnd(batch, index));
      // One after the other: of several at once the network might get the last one first.
      if (await this.#sendOne(datagram)) continue;
      rejected.push({ index, reason: `${datagram.length} bytes are too many for a datagram` });
    }
    return { retry: [], rejected };
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Waits until the next one may leave. */
  async #leave(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#rate === 0) return;
    const now = performance.now();
    // Timers are too coarse for single datagrams of a high rate.
    if (this.#next > now + STEP_MS) {
      await sleep(this.#next - now, signal);
      signal.throwIfAborted();
    }
    this.#next = Math.max(this.#next, now) + 1000 / this.#rate;
  }

  /** Resolves with false if it is too large. */
  #sendOne(datagram: Uint8Array): Promise<boolean> {
    const socket = this.#socket;
    const name = nameOf(this.#address);
    if (socket === undefined) throw new Error(`${name} is not open`);
    return new Promise((resolve, reject) => {
      socket.send(datagram, (error) => {
        if (error === null || error === undefined) resolve(true);
        else if (codeOf(error) === "EMSGSIZE") resolve(false);
        else reject(new Error(`cannot send to ${name}: ${reasonOf(error)}`, { cause: error }));
      });
    });
  }
}
