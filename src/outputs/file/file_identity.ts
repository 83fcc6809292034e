import type { Stats } from "node:fs";

/**
 * What tells a file from another at the same path. Inode numbers are used again for new files, so the time of birth
 * is compared too where the file system has it.
 */
export class FileIdentity {
  readonly dev: number;
  readonly ino: number;
  /** Milliseconds since 1970, or 0 when unknown. */
  readonly born: number;

  constructor(dev: number, ino: number, born: number) {
    this.dev = dev;
    this.ino = ino;
    this.born = born;
  }

  /** Whether these are the same file. */
  is(other: FileIdentity | Stats): boolean {
    const { dev, ino, born } = other instanceof FileIdentity ? other : identityOf(other);
    return dev === this.dev && ino === this.ino && (born === 0 || this.born === 0 || born === this.born);
  }
}

/** The identity of a file whose status was read. */
export function identityOf(stat: Stats): FileIdentity {
  const born = Math.floor(stat.birthtimeMs);
  return new FileIdentity(stat.dev, stat.ino, Number.isFinite(born) && born > 0 ? born : 0);
}
