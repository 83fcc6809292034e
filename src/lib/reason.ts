const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "busy",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EIO: "input/output error",
  EISDIR: "is a directory",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "name too long",
  ENFILE: "too many open files in the whole system",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};

/** The system's code of an error ("ENOSPC"), or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Why something failed, in a few words for an error message; never empty. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : REASONS[code];
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split("\n", 1)[0] ?? "";
  // The system's codes and numbers tell most readers nothing.
  const text = line.replace(/^E[A-Z\d]+: /, "").replace(/ \(os error \d+\)/, "");
  return text === "" ? "unknown error" : text;
}
