import { join } from "node:path";
import { shell } from "../../support/machine.ts";
import { debianEnv, unpackDebian } from "./debian.ts";
import { install, run } from "./install.ts";

export const logrotate = await install("logrotate", "debian", async (directory) => {
  await unpackDebian(directory, ["logrotate", "libpopt0"]);
});

/** Rotates now what a configuration names, whatever it says of times and sizes. */
export async function rotateNow(directory: string, state: string, configuration: string): Promise<void> {
  const command = join(directory, "usr/sbin/logrotate");
  await run(command, ["-f", "-s", state, configuration], { env: debianEnv(directory) });
}

/** What root has to say before it may rotate in a directory of everybody's. */
export function asWhom(): string {
  return shell("id -u").trim() === "0" ? "su root root" : "";
}
