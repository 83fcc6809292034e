import { hasUserCode, type ProcessorPlan } from "./plan.ts";
import { usesBacktrackingOnly } from "../lib/regexp_hazard.ts";

/**
 * Why a plan runs only where it can be stopped and can reach nothing, a worker; undefined where it may also run among
 * the inputs and outputs themselves.
 */
export function reasonForIsolation(plan: ProcessorPlan): "user code" | "patterns" | undefined {
  if (hasUserCode(plan)) return "user code";
  const hasGrok = plan.parsers.some(({ type, config }) =>
    type === "grok" &&
    (config.patterns_dir.length > 0 || usesBacktrackingOnly(config.grok_pattern ?? config.pattern ?? ""))
  );
  const isSlow = ({ pattern }: UserPattern): boolean => usesBacktrackingOnly(pattern);
  return hasGrok || patternsOf(plan).some(isSlow) ? "patterns" : undefined;
}

/** A regular expression of the user's, and the key under which it stands in the plan. */
export interface UserPattern {
  readonly key: string;
  readonly pattern: string;
}

/** Every regular expression that the user wrote and that is matched against records. */
export function patternsOf({ parsers, transforms }: ProcessorPlan): UserPattern[] {
  const found: UserPattern[] = [];
  parsers.forEach(({ type, config, multiline }, index) => {
    const key = `parsers[${index}]`;
    if (multiline?.pattern !== undefined) {
      found.push({ key: `${key}.multiline.pattern`, pattern: multiline.pattern });
    }
    if (type === "regex") found.push({ key: `${key}.pattern`, pattern: config.pattern });
    if (type !== "grok") return;
    for (const [name, pattern] of Object.entries(config.pattern_definitions)) {
      found.push({ key: `${key}.pattern_definitions.${name}`, pattern });
    }
  });
  transforms.forEach(({ config }, index) => {
    if (!("patterns" in config)) return;
    config.patterns.forEach((pattern, place) =>
      found.push({ key: `transforms[${index}].patterns[${place}]`, pattern })
    );
  });
  return found;
}
