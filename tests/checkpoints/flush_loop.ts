// Moves the positions of three files, flushes, prints the position, and so on until it is killed.
import { openCheckpointStore } from "../../src/checkpoints/kv_checkpoint_store.ts";
import { silentLog } from "../../src/lib/log.ts";

const store = await openCheckpointStore({
  directory: Deno.args[0] ?? "",
  interval: 1,
  retention: Infinity,
  log: silentLog,
});
let off = Number(store.get("a")?.["off"] ?? 0);
store.join({
  key: "out",
  snapshot: () => ({ state: { length: off }, sync: () => Promise.resolve() }),
  restore() {},
});
for (;;) {
  off++;
  for (const key of ["a", "b", "c"]) store.set(key, { off });
  await store.flush();
  Deno.stdout.writeSync(new TextEncoder().encode(`${off}\n`));
}
