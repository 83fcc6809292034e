import { inspectCheckpoints } from "../../src/checkpoints/inspection.ts";
import { countLines } from "./oracle.ts";
import type { Workspace } from "./workspace.ts";

/** How many lines of a file its saved position covers. The agent must not run. */
export async function savedLines(space: Workspace, path: string = space.log()): Promise<number> {
  const { records } = await inspectCheckpoints(space.checkpoints);
  const saved = records.map(([, record]) => record).find((record) => record["path"] === path);
  return countLines(Deno.readFileSync(path).subarray(0, Number(saved?.["off"] ?? 0)));
}
