import { join } from "node:path";

/** Runs a shell command; throws with its stderr unless it succeeds. Arguments are `$1`, `$2`, … */
export function shell(script: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command("sh", { args: ["-c", script, "sh", ...args] })
    .outputSync();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot run "${script}": ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Whether a command is installed. */
export function hasCommand(name: string): boolean {
  return succeeds('command -v "$1"', name);
}

/** Whether this user may mount file systems here. */
export function canMount(): boolean {
  if (Deno.build.os !== "linux") return false;
  const directory = Deno.makeTempDirSync({ prefix: "logaggregator-" });
  try {
    return succeeds('mount -t tmpfs -o size=64k none "$1" && umount "$1"', directory);
  } finally {
    Deno.removeSync(directory);
  }
}

/** Root passes over file modes; a process without these capabilities does not. */
const OBEDIENT = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/** A command that starts another so that file modes bind it, whoever runs the tests; undefined where there is none. */
export function obedientPrefix(): readonly string[] | undefined {
  if (Deno.build.os === "windows") return undefined;
  if (shell("id -u").trim() !== "0") return [];
  return succeeds(`${OBEDIENT.join(" ")} true`) ? OBEDIENT : undefined;
}

/** Mounts an empty file system of this size over a directory. */
export function mountMemory(directory: string, size: string): void {
  shell('mount -t tmpfs -o size="$2" none "$1"', directory, size);
}

/** Takes away what is mounted on a directory, even while files there are open. */
export function unmount(directory: string): void {
  shell('umount -l "$1"', directory);
}

/** Like {@link unmount}, for cleaning up. */
export function unmountIfMounted(directory: string): void {
  succeeds('umount -l "$1"', directory);
}

/** What a process has open, as its links in `/proc` say. Linux only. */
export function openFiles(pid: number): string[] {
  return shell('ls -l "/proc/$1/fd" | sed -n "s/.* -> //p"', String(pid)).trim().split("\n");
}

/** The inodes of what a process has open. Linux only. */
export function openInodes(pid: number): string[] {
  return shell('stat -L -c %i /proc/"$1"/fd/* 2>/dev/null || true', String(pid)).trim().split("\n");
}

/** Highest resident memory of a process so far, in bytes. Linux only. */
export function peakMemory(pid: number): number {
  return Number(shell('sed -n "s/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p" "/proc/$1/status"', String(pid))) *
    1024;
}

/** Creates a named pipe. */
export function makeFifo(path: string): void {
  shell('mkfifo "$1"', path);
}

/** Creates a directory and returns its path. */
export function makeDirectory(...parts: [string, ...string[]]): string {
  const path = join(...parts);
  Deno.mkdirSync(path, { recursive: true });
  return path;
}

function succeeds(script: string, ...args: string[]): boolean {
  return new Deno.Command("sh", { args: ["-c", script, "sh", ...args], stdout: "null", stderr: "null" })
    .outputSync().success;
}
