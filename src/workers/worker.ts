import { hasUserCode } from "../processing/plan.ts";
import { buildProcessor, type ProcessorPlan } from "../processor.ts";
import { expectDetachedBuffers } from "./detached_buffers.ts";
import { serve, type WorkerScope } from "./serve.ts";

// The entry point of a worker. The main thread gives it no permission at all.
expectDetachedBuffers();
serve(globalThis as unknown as WorkerScope, { build: (plan, files) => buildProcessor(plan, files), harden });

/** Hardens the realm where code of the user's will run; elsewhere it would only cost time. */
async function harden(plans: readonly ProcessorPlan[]): Promise<void> {
  if (!plans.some(hasUserCode)) return;
  // The runtime's own modules do not expect a hardened realm, and transforms may need them later.
  await Promise.all([import("node:buffer"), import("node:crypto"), import("node:module")]);
  const { hardenRealm } = await import("../sandbox/harden.ts");
  hardenRealm();
}
