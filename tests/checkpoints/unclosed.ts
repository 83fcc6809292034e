// Flushes a record and ends without closing the store.
import { openCheckpointStore } from "../../src/checkpoints/kv_checkpoint_store.ts";
import { silentLog } from "../../src/lib/log.ts";

const store = await openCheckpointStore({
  directory: Deno.args[0] ?? "",
  interval: 50,
  retention: Infinity,
  log: silentLog,
});
store.set("a", { off: 1 });
await store.flush();
store.set("b", { off: 2 });
