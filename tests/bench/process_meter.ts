import { join } from "node:path";

/** What a whole process took, from its start to its end. */
export interface Consumption {
  /** Seconds from before its start until after its end. */
  readonly wall: number;
  /** Seconds of processor time, in user and system mode, over all threads. */
  readonly cpu: number;
  /** Most memory it ever had resident, in bytes; undefined where the system does not tell. */
  readonly memory: number | undefined;
  readonly code: number;
  readonly stderr: string;
  /** Bytes that came out of its stdout; undefined when that was the null device. */
  readonly piped: number | undefined;
}

/** What a running process has taken so far. */
export interface Usage {
  /** Seconds of processor time, in user and system mode, over all threads. */
  readonly cpu: number;
  /** Memory resident now, in bytes. */
  readonly memory: number;
  /** Most memory it ever had resident, in bytes. */
  readonly peak: number;
}

/** Clock ticks of `/proc/PID/stat` a second: the same on all common systems. */
const TICKS = 100;

/**
 * Runs "$@" with stdout as it is; then `$result` has its exit code and the shell's times, the children's second, and
 * `$result.memory` its peak. Without GNU time the peak is sampled.
 */
const METER = `
meter() {
  result=$1; time=$2; shift 2
  if [ -n "$time" ]; then "$time" -f %M -o "$result.memory" "$@" 2>"$result.stderr"; code=$?
  else
    "$@" 2>"$result.stderr" & pid=$!
    while grep VmHWM "/proc/$pid/status" 2>/dev/null; do sleep 0.02; done >"$result.memory"
    wait $pid; code=$?
  fi
  { echo $code; times; } >"$result"
}`;
const TO_NULL = `${METER}\nmeter "$@" >/dev/null`;
const TO_PIPE = `${METER}\nmeter "$@" | dd of=/dev/null bs=262144 2>"$1.piped"`;

/** Measures whole processes. Files that it needs meanwhile are made in a directory of the caller's. */
export class ProcessMeter {
  readonly #directory: string;
  readonly #shell: string;
  readonly #time: string;
  #runs = 0;

  private constructor(directory: string, shell: string, time: string) {
    this.#directory = directory;
    this.#shell = shell;
    this.#time = time;
  }

  static async create(directory: string): Promise<ProcessMeter> {
    // bash tells times to a millisecond, other shells to ten.
    const shell = await succeeds("bash", "-c", "true") ? "bash" : "sh";
    const time = await succeeds("/usr/bin/time", "-f", "%M", "true") ? "/usr/bin/time" : "";
    return new ProcessMeter(directory, shell, time);
  }

  /** Runs a command to its end, its stdout going to the null device or into a pipe that is read all the time. */
  async run(command: readonly string[], stdout: "null" | "pipe"): Promise<Consumption> {
    const result = join(this.#directory, `run-${this.#runs++}`);
    const begin = performance.now();
    await new Deno.Command(this.#shell, {
      args: ["-c", stdout === "null" ? TO_NULL : TO_PIPE, "meter", result, this.#time, ...command],
      env: { LC_ALL: "C", NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn().status;
    const wall = (performance.now() - begin) / 1000;
    const [code, , children = ""] = readText(result).trimEnd().split("\n");
    const piped = stdout === "pipe"
      ? Number(/(\d+) bytes/.exec(readText(`${result}.piped`))?.[1])
      : undefined;
    return {
      wall,
      cpu: children.split(" ").reduce((sum, time) => sum + seconds(time), 0),
      memory: largestKilobytes(readText(`${result}.memory`)),
      code: Number(code),
      stderr: readText(`${result}.stderr`),
      piped,
    };
  }
}

/** What a process has taken so far; undefined where there is no `/proc`, or no such process. */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  // Deno reads nothing below /proc without all permissions.
  const { success, stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/stat`, `/proc/${pid}/status`],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const fields = text.slice(text.indexOf(") ") + 2).split(" ");
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
  if (!success) return undefined;
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
    memory: kilobytes("VmRSS") * 1024,
    peak: kilobytes("VmHWM") * 1024,
  };
}

/** Whether a command can be run and ends well. */
export async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function readText(path: string): string {
  return Deno.readTextFileSync(path);
}

/** `0m1.234s` */
function seconds(time: string): number {
  const [, minutes, rest] = /(\d+)m([\d.]+)s/.exec(time) ?? [];
  return Number(minutes) * 60 + Number(rest);
}

function largestKilobytes(text: string): number | undefined {
  const numbers = [...text.matchAll(/(\d+)(?: kB)?$/gm)].map(([, number]) => Number(number));
  return numbers.length === 0 ? undefined : Math.max(...numbers) * 1024;
}
