/** How long the helpers wait before they give up: generous, since test machines are small and busy. */
export const DEADLINE_MS = 20_000;

const STEP_MS = 10;

/** What a wait may be told. */
export interface WaitOptions {
  /** Milliseconds until it gives up. */
  readonly within?: number;
  /** Called once it gives up: what the error shall tell about the state. */
  readonly state?: () => string;
  /** Asked at each step: a text means that waiting is pointless, for example because the process ended. */
  readonly hopeless?: () => string | undefined;
}

/**
 * Waits until `condition` yields something truthy, and returns that. Looks every 10 ms.
 * Throws after the deadline, naming `what`.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, false | undefined | null | 0 | "">> {
  const within = options.within ?? DEADLINE_MS;
  const end = performance.now() + within;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | undefined | null | 0 | "">;
    const hopeless = options.hopeless?.();
    if (hopeless !== undefined) {
      const last = await condition();
      if (last) return last as Exclude<T, false | undefined | null | 0 | "">;
      throw new Error(`Waited for ${what} in vain: ${hopeless}`);
    }
    if (performance.now() > end) {
      const state = options.state?.();
      throw new Error(`Waited ${within} ms for ${what} in vain${state ? `; ${state}` : ""}`);
    }
    await pause(STEP_MS);
  }
}

/** Resolves after some milliseconds. For pacing writers and kills; never for hoping that something has happened. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
