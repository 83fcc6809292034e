import * as fs from "node:fs";
import { dirname, sep } from "node:path";
import { codeOf, reasonOf } from "../../lib/reason.ts";

/** The directory that all files of an output stay in. */
export class RootDirectory {
  readonly path: string;
  readonly #mode: number;
  readonly #durable: boolean;
  #real = "";

  /** `durable`: new entries are synced to disk. */
  constructor(path: string, mode: number, durable: boolean) {
    this.path = path;
    this.#mode = mode;
    this.#durable = durable;
  }

  /** Creates the root where it is missing. Throws when it cannot be used. */
  open(): void {
    try {
      fs.mkdirSync(this.path, { recursive: true, mode: this.#mode });
      this.#real = fs.realpathSync(this.path);
    } catch (error) {
      throw new Error(
        `Cannot use directory "${this.path}": ${
          reasonOf(error)
        }; it must be writable, or its parent must allow to create it`,
        { cause: error },
      );
    }
  }

  /** Whether a path, as it is written, lies below the root. */
  holds(path: string): boolean {
    const prefix = this.path === "." ? "" : this.path.endsWith("/") ? this.path : `${this.path}/`;
    if (!path.startsWith(prefix) || (prefix === "" && path.startsWith("/"))) return false;
    return !path.slice(prefix.length).split(/[/\\]/u).includes("..");
  }

  /**
   * Makes sure that the directory of a file exists and lies below the root also when symbolic links are followed.
   * Throws otherwise: somebody who can create links could have the agent write anywhere.
   */
  prepare(file: string): void {
    if (!this.holds(file)) throw this.#outside(file, file);
    const directory = dirname(file);
    const missing: string[] = [];
    let existing = directory;
    while (existing !== this.path && fs.lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
      missing.unshift(existing);
      existing = dirname(existing);
    }
    this.#checkInside(file, existing);
    for (const path of missing) {
      try {
        fs.mkdirSync(path, { recursive: true, mode: this.#mode });
        this.sync(dirname(path));
      } catch (error) {
        throw new Error(
          `Cannot create directory "${path}": ${reasonOf(error)}; the batch is kept and written again later`,
          { cause: error },
        );
      }
    }
    if (missing.length > 0) this.#checkInside(file, directory);
  }

  /** Makes what was created or renamed in a directory survive a power cut. */
  sync(directory: string): void {
    if (!this.#durable) return;
    let fd: number;
    try {
      fd = fs.openSync(directory, "r");
    } catch (error) {
      // Windows opens no directories, and keeps their entries by itself.
      if (Deno.build.os === "windows") return;
      throw error;
    }
    try {
      fs.fsyncSync(fd);
    } catch (error) {
      // Some network and user space file systems have no sync for directories.
      if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
    } finally {
      fs.closeSync(fd);
    }
  }

  #checkInside(file: string, directory: string): void {
    const real = fs.realpathSync(directory);
    if (real === this.#real || real.startsWith(this.#real.endsWith(sep) ? this.#real : this.#real + sep)) {
      return;
    }
    throw this.#outside(file, real);
  }

  #outside(file: string, real: string): Error {
    return new Error(
      `Cannot write to "${file}": it would lie in "${real}", outside of "${this.path}"; remove the symbolic link that leads there`,
    );
  }
}
