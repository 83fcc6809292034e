/**
 * A writer in a process of its own: `load_process.ts PATH NAME LINES_PER_SECOND LINES`. It opens PATH again whenever
 * another file stands there, as programs with rotating logs do, and prints how many lines it wrote when it ends, be it
 * after LINES (0: without end) or on SIGTERM.
 */
import { fromFileUrl } from "./repository.ts";
import { LineWriter, Load } from "./line_writer.ts";
import { pause } from "./wait.ts";

/** A running writer process. */
export interface LoadProcess {
  readonly name: string;
  /** Ends the writer, if it has not ended; resolves to how many lines it wrote. */
  stop(): Promise<number>;
}

/** Starts a writer process; see the top of the file. */
export function startLoadProcess(path: string, name: string, linesPerSecond: number, lines = 0): LoadProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-config",
      `--allow-read=${path}`,
      `--allow-write=${path}`,
      fromFileUrl(import.meta.url),
      ...[path, name, String(linesPerSecond), String(lines)],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.output();
  return {
    name,
    async stop() {
      try {
        if (lines === 0) child.kill("SIGTERM");
      } catch {
        // It has ended already.
      }
      return Number(new TextDecoder().decode((await output).stdout));
    },
  };
}

if (import.meta.main) {
  const [path = "", name = "", rate = "", lines = ""] = Deno.args;
  const writer = new LineWriter(name);
  const target = Number(lines) || Infinity;
  let file = Deno.openSync(path, { append: true, create: true });
  let stopped = false;
  Deno.addSignalListener("SIGTERM", () => stopped = true);
  const load = Load.start(Number(rate), (due) => {
    if (inodeOf(path) !== file.statSync().ino) {
      file.close();
      file = Deno.openSync(path, { append: true, create: true });
    }
    writer.write(file, Math.min(due, target - writer.written));
  });
  while (!stopped && writer.written < target) await pause(5);
  await load.stop();
  console.log(writer.written);
  Deno.exit(0);
}

function inodeOf(path: string): number | null | undefined {
  try {
    return Deno.statSync(path).ino;
  } catch {
    return undefined;
  }
}
