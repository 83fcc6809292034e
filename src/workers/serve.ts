import type { Source } from "../event.ts";
import { outputBuffers } from "../lib/spare_buffers.ts";
import { KeyError, KeyErrors } from "../lib/key_error.ts";
import { reasonOf } from "../lib/reason.ts";
import type { PlanFiles, Processor, ProcessorPlan } from "../processor.ts";
import {
  detachable,
  type JobRequest,
  type Request,
  type Response,
  type StartRequest,
  unpackJob,
} from "./protocol.ts";
import { TaskHungError, Watchdog } from "./watchdog.ts";

/** The global scope of a worker, as far as it is needed here. */
export interface WorkerScope {
  postMessage(message: Response, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Request>) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
}

/** What a worker does its work with. */
export interface WorkerParts {
  /** Builds the processor of one plan. Throws KeyErrors for what is wrong in its configuration. */
  build(plan: ProcessorPlan, files: PlanFiles): Promise<Processor>;
  /** Called before the processors of the plans are built. */
  harden(plans: readonly ProcessorPlan[]): void | Promise<void>;
}

/** The worker's side of the protocol: builds the processors, then answers jobs one after the other. */
export function serve(scope: WorkerScope, { build, harden }: WorkerParts): void {
  let sent: Int32Array | undefined;
  const post = (message: Response, transfer: ArrayBuffer[]) => {
    if (sent !== undefined) Atomics.add(sent, 0, 1);
    scope.postMessage(message, transfer);
  };
  const processors: Processor[] = [];
  const sources: Source[] = [];
  let watchdog = new Watchdog(0);

  const start = async ({ plans, files, jobTimeout, ...request }: StartRequest) => {
    sent = request.sent;
    watchdog = new Watchdog(jobTimeout);
    await harden(plans);
    for (const plan of plans) {
      try {
        processors.push(await build(plan, files));
      } catch (error) {
        const found = error instanceof KeyErrors ? error.errors : error instanceof KeyError ? [error] : [];
        const keys = found.map(({ key, message }) => ({ key, message }));
        return post({ type: "unbuildable", input: plan.input, keys, message: textOf(error) }, []);
      }
    }
    post({ type: "ready" }, []);
  };

  const process = (request: JobRequest) => {
    const { buffer, spare, plan, source, newSource } = request;
    if (spare !== undefined) outputBuffers.give(spare);
    if (newSource !== undefined) sources[source] = newSource;
    const known = sources[source];
    const processor = processors[plan];
    if (known === undefined || processor === undefined) {
      throw new Error(`no plan ${plan} or source ${source}`);
    }
    const job = unpackJob(request, known);
    let result;
    try {
      result = detachable(watchdog.run(() => processor.process(job)), buffer);
    } catch (error) {
      const hung = error instanceof TaskHungError;
      return post({ type: "failed", buffer, hung, message: textOf(error) }, [buffer]);
    }
    result.transfer.push(buffer);
    post({ type: "processed", buffer, processed: result.processed }, result.transfer);
  };

  scope.addEventListener("message", ({ data }) => {
    if (data.type === "job") process(data);
    else void start(data);
  });
  // Otherwise the runtime writes to stderr by itself, between the lines of the agent's log.
  const broken = (event: Event, error: unknown) => {
    event.preventDefault();
    post({ type: "broken", message: textOf(error) }, []);
  };
  scope.addEventListener("error", (event) => broken(event, event.error));
  scope.addEventListener("unhandledrejection", (event) => broken(event, event.reason));
}

/** The thrown value may come from a script of the user: reading it may throw as well. */
function textOf(error: unknown): string {
  try {
    return reasonOf(error);
  } catch {
    return "unknown error";
  }
}
