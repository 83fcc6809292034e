import type { JsonObject } from "../../checkpoints/checkpoint_store.ts";
import type { AppendFile } from "./append_file.ts";
import type { FileIdentity } from "./file_identity.ts";

/** A file that was written not long ago, open or not: what a checkpoint tells of it. */
export class TrackedFile {
  readonly path: string;
  readonly identity: FileIdentity;
  /** The open file, if it is open. */
  file: AppendFile | undefined;
  /** Whether the saved state knows the file, so that bytes of no checkpoint can be cut off after a crash. */
  registered: boolean;
  /** In milliseconds since 1970. */
  lastWrite: number;
  /** When it was last seen that the path still leads to this file, in milliseconds since 1970. */
  checkedAt: number;
  /** Rotation failed: not tried again before this time. */
  noRotationBefore = 0;
  #length: number;

  constructor(
    path: string,
    identity: FileIdentity,
    length: number,
    times: { lastWrite: number; checkedAt: number },
  ) {
    this.path = path;
    this.identity = identity;
    this.#length = length;
    this.registered = false;
    this.lastWrite = times.lastWrite;
    this.checkedAt = times.checkedAt;
  }

  /** Bytes of counted batches, and what was there before. */
  get length(): number {
    return this.file?.length ?? this.#length;
  }

  /** Closes the descriptor; the length stays known. */
  async close(): Promise<void> {
    const file = this.file;
    if (file === undefined) return;
    this.#length = file.length;
    this.file = undefined;
    await file.close();
  }

  /** As it is saved. */
  toState(): JsonObject {
    const { dev, ino, born } = this.identity;
    return { dev, ino, born, length: this.length };
  }
}
