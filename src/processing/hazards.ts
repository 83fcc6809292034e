import { compileRegExp } from "../lib/regular_expression.ts";
import { explosionHint } from "../lib/regexp_hazard.ts";
import { patternsOf } from "./isolation.ts";
import type { ProcessorPlan } from "./plan.ts";

/** A pattern that may take very long on some lines. */
export interface Hazard {
  /** Where it stands in the plan. */
  readonly key: string;
  readonly hint: string;
}

/** The user's patterns that are known to explode. Those that are no patterns at all are found elsewhere. */
export async function hazardsOf(plan: ProcessorPlan): Promise<Hazard[]> {
  const hazards: Hazard[] = [];
  for (const { key, pattern } of patternsOf(plan)) {
    let regexp: RegExp;
    try {
      regexp = compileRegExp(pattern);
    } catch {
      continue;
    }
    const hint = await explosionHint(regexp);
    if (hint !== undefined) hazards.push({ key, hint });
  }
  return hazards;
}
