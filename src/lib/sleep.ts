/** Waits `ms` milliseconds. Resolves with true, or with false as soon as `stop` aborts. */
export function sleep(ms: number, stop?: AbortSignal): Promise<boolean> {
  if (stop?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      stop?.removeEventListener("abort", onAbort);
      resolve(true);
    }, ms);
    stop?.addEventListener("abort", onAbort, { once: true });
  });
}
