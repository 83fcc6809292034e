import type { ProcessingContext } from "../component.ts";
import { userCode } from "../sandbox/realm.ts";
import { compileScript, parseScript } from "../sandbox/script.ts";
import type { Transform } from "./transform.ts";
import type { TransformOwn } from "./transform_config.ts";

/**
 * JavaScript of the user's, in the sandbox. Throws KeyError for code that it does not accept. Where the realm is not
 * hardened, as on the main thread, the code is only checked: what is created there must not be used.
 */
export async function createScript(
  { code }: TransformOwn<"script">,
  { warn }: ProcessingContext,
): Promise<Transform> {
  if (userCode.isContained) return { apply: await compileScript(code, { key: "code", warn }) };
  await parseScript(code, "code");
  return {
    apply() {
      throw new Error("Cannot run a script: this realm is not hardened; scripts run in workers");
    },
  };
}
