import type { Verdict } from "./attempt_runner.ts";

/** Runs the attempts in a worker without permissions. */
export async function runInWorker(
  target: { readonly port: number; readonly file: string },
): Promise<Verdict[]> {
  const worker = new Worker(new URL("./attempt_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  try {
    return await new Promise<Verdict[]>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ verdicts?: Verdict[]; failed?: string }>) =>
        data.verdicts === undefined ? reject(new Error(data.failed)) : resolve(data.verdicts);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(target);
    });
  } finally {
    worker.terminate();
  }
}
