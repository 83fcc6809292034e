import type { OutputName } from "./outputs_servers.ts";

/** How much is measured. */
export interface Sizes {
  /** Lines of the throughput runs, in one file and in `files` files. */
  readonly lines: number;
  readonly files: number;
  readonly rounds: number;
  /** Lines a second of the latency runs. */
  readonly rates: readonly number[];
  /** Seconds that are measured, after `warmUp` seconds that are not. */
  readonly latencySeconds: number;
  /** Seconds of the run in which events are sent to a server. */
  readonly sustainedSeconds: number;
  readonly idleSeconds: number;
  readonly warmUp: number;
  /** Seconds after its start when a subject has come to rest; the agent polls files for a second after news. */
  readonly settle: number;
  readonly starts: number;
  /** Lines that are brought to each output. */
  readonly outputLines: number;
  /** The outputs that are measured; undefined: all. */
  readonly outputs: readonly OutputName[] | undefined;
}

export const FULL: Sizes = {
  lines: 1_000_000,
  files: 300,
  rounds: 5,
  rates: [10_000, 100_000],
  latencySeconds: 10,
  sustainedSeconds: 60,
  idleSeconds: 20,
  warmUp: 20,
  settle: 3,
  starts: 10,
  outputLines: 300_000,
  outputs: undefined,
};

/** Proves that all parts work; its times say nothing. */
export const TINY: Sizes = {
  lines: 2_000,
  files: 5,
  rounds: 1,
  rates: [1_000],
  latencySeconds: 0.3,
  sustainedSeconds: 0.3,
  idleSeconds: 0.2,
  warmUp: 0.2,
  settle: 1.5,
  starts: 1,
  outputLines: 2_000,
  // Those without a server of others.
  outputs: ["null", "file", "http", "socket"],
};
