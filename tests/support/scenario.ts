import { Workspace } from "./workspace.ts";

/** How a scenario is run. */
export interface ScenarioOptions {
  /** With file system notifications, without them (as on systems that have none), or both, which is the default. */
  readonly ways?: "both" | "watching" | "polling";
  /** What the machine must offer; the test is skipped by name where it does not. */
  readonly needs?: () => boolean;
}

/** Registers an end-to-end test, once for each way, in a workspace of its own that is verified at the end. */
export function scenario(
  name: string,
  body: (space: Workspace) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  const ways = options.ways ?? "both";
  const ignore = options.needs ? !options.needs() : false;
  for (const way of ["watching", "polling"]) {
    if (ways !== "both" && ways !== way) continue;
    Deno.test({
      name: ways === "both" ? `${name} (${way})` : name,
      ignore,
      fn: async () => {
        await using space = await Workspace.create(way === "polling");
        await body(space);
        await space.verify();
      },
    });
  }
}

/** Whether the long loops were asked for, by `LONG=1`. */
export const LONG = Deno.env.get("LONG") === "1";
