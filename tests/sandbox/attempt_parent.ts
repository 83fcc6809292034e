import { runAttempts, type Verdict } from "./attempt_runner.ts";
import { attempts } from "./attempts.ts";
import { runInWorker } from "./support.ts";

/** Run with all permissions: prints what comes of the attempts, in a worker or in this very realm, as JSON. */
const [where, port = "0", file = ""] = Deno.args;
const target = { port: Number(port), file };
const print = Deno.stdout.writeSync.bind(Deno.stdout);
const encoder = new TextEncoder();
let verdicts: readonly Verdict[];
if (where === "worker") verdicts = await runInWorker(target);
else verdicts = await runAttempts(attempts(target));
const bytes = encoder.encode(JSON.stringify(verdicts));
for (let written = 0; written < bytes.length;) written += print(bytes.subarray(written));
