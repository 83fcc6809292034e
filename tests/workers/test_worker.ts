import { serve, type WorkerScope } from "../../src/workers/serve.ts";
import { buildTestProcessor } from "./test_processor.ts";

serve(globalThis as unknown as WorkerScope, {
  build: buildTestProcessor,
  harden: () => void Object.freeze(Object.prototype),
});
