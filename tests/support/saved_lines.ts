import { countLines } from "./oracle.ts";
import type { Workspace } from "./workspace.ts";

/** How many lines of the only file of a workspace the saved position covers. */
export async function savedLines(space: Workspace): Promise<number> {
  const list = await space.command("checkpoints", "list", "--json", "--config", space.config);
  const [{ checkpoints }] = JSON.parse(list.stdout.text()) as [
    { checkpoints: { path: string; off: number }[] },
  ];
  const offset = checkpoints.find(({ path }) => path === space.log())?.off ?? 0;
  return countLines(Deno.readFileSync(space.log()).subarray(0, offset));
}
