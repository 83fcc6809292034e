import { loadModule } from "../lib/load_module.ts";

/** The code of commands that brings much with it which the agent itself does not need. */
export const commandModules = {
  checkpoints: () => loadModule<typeof import("./checkpoints.ts")>("./checkpoints.ts", import.meta.url),
  demo: () => loadModule<typeof import("./demo.ts")>("./demo.ts", import.meta.url),
  dlq: () => loadModule<typeof import("./dlq.ts")>("./dlq.ts", import.meta.url),
  dlqReplay: () => loadModule<typeof import("./dlq_replay.ts")>("./dlq_replay.ts", import.meta.url),
  explain: () => loadModule<typeof import("./explain.ts")>("./explain.ts", import.meta.url),
  parseLines: () => loadModule<typeof import("./parse_lines.ts")>("./parse_lines.ts", import.meta.url),
  schema: () => loadModule<typeof import("./schema.ts")>("./schema.ts", import.meta.url),
  testConfig: () => loadModule<typeof import("./test_config.ts")>("./test_config.ts", import.meta.url),
  wal: () => loadModule<typeof import("./wal.ts")>("./wal.ts", import.meta.url),
};
