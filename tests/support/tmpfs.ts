import { join } from "node:path";
import { canMount, makeDirectory, mountMemory, unmountIfMounted } from "./machine.ts";
import type { Workspace } from "./workspace.ts";

/** A small disk below a workspace that a test fills up. */
export class SmallDisk {
  readonly #filler: string;

  private constructor(readonly directory: string) {
    this.#filler = join(directory, "filler");
  }

  /** Mounts an empty one on a directory, such as `2m`. */
  static mount(space: Workspace, directory: string, size: string): SmallDisk {
    mountMemory(makeDirectory(directory), size);
    space.defer(() => unmountIfMounted(directory));
    return new SmallDisk(directory);
  }

  /** Uses up all that is free but so many bytes, in whole pages. */
  fill(free = 0): void {
    using file = Deno.openSync(this.#filler, { append: true, create: true });
    const page = new Uint8Array(4096);
    try {
      for (;;) file.writeSync(page);
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    file.truncateSync(Math.max(0, file.statSync().size - free));
  }

  /** Gives back what was used up. */
  free(): void {
    Deno.removeSync(this.#filler);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && /space|full|ENOSPC/i.test(error.message);
}

const mayMount = canMount();

/** The name of a test that mounts disks, which tells why where it cannot run. */
export function onSmallDisk(name: string): string {
  return mayMount ? name : `${name} (not run: mount -t tmpfs is not permitted here)`;
}

/** Whether such a test can run. */
export function hasSmallDisks(): boolean {
  return mayMount;
}
