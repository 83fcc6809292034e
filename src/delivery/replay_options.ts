import type { EncodedBatch } from "../batch.ts";
import type { Output } from "../outputs/output.ts";
import type { Letter } from "./dead_letter_line.ts";
import type { Sleep } from "./gather.ts";
import type { LetterArchive, LetterSelection } from "./letter_archive.ts";
import type { BackoffOptions } from "./retry.ts";

/** An output that letters are sent to. */
export interface ReplayTarget {
  readonly output: Output;
  /** Makes what the output has taken durable, where it keeps state of its own. */
  commit?(): Promise<void>;
}

/** What became of a record that was processed again. */
export interface Reprocessed {
  readonly parcels: readonly { readonly output: string; readonly batch: EncodedBatch }[];
  /** Why it cannot be processed after all. */
  readonly failed?: string | undefined;
}

/** How letters are replayed. */
export interface ReplayOptions {
  readonly archive: LetterArchive;
  readonly selection: LetterSelection;
  /** Letters at most. */
  readonly limit: number;
  /** Send refused records to this output instead of their own. */
  readonly to?: string | undefined;
  /** Opens an output. Rejects with what is wrong; the letters for it then stay. */
  target(name: string): Promise<ReplayTarget>;
  /** Rejects with what is wrong; the letter then stays. */
  process(letter: Letter): Promise<Reprocessed>;
  /** How often a destination that fails is tried, and how long is waited between. */
  readonly retry: BackoffOptions & { readonly limit: number };
  readonly stop: AbortSignal;
  readonly sleep: Sleep;
  /** Milliseconds since 1970. */
  now(): number;
  /** Tells what goes wrong, each thing once. */
  complain(message: string): void;
}

/** Letters by what became of them. */
export interface ReplaySummary {
  /** Every output has them. */
  sent: number;
  /** Refused, or not processed, once more. They stay. */
  failed: number;
  /** No output takes them; they are gone. */
  discarded: number;
  /** Further letters of the same record; they are gone. */
  doubles: number;
  /** Not tried to the end, since something is out of order. They stay. */
  left: number;
}
