import { sleep } from "./sleep.ts";

/** Whether `promise` resolves within `ms`, and before `stop` aborts. */
export async function within(promise: Promise<unknown>, ms: number, stop?: AbortSignal): Promise<boolean> {
  const ended = new AbortController();
  const late = sleep(ms, stop === undefined ? ended.signal : AbortSignal.any([ended.signal, stop]));
  try {
    return await Promise.race([promise.then(() => true), late.then(() => false)]);
  } finally {
    ended.abort();
  }
}
