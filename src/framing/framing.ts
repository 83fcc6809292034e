import { KeyError } from "../lib/key_error.ts";
import { compileRegExp, PatternError } from "../lib/regular_expression.ts";
import { ContainerFramer } from "./container_framer.ts";
import { cri } from "./cri.ts";
import { docker } from "./docker.ts";
import type { Framer } from "./framer.ts";
import { LineFramer } from "./line_framer.ts";
import type { FramingOptions, MultilineConfig } from "./framing_options.ts";
import { type LineJoiner, singleLines } from "./line_joiner.ts";
import { patternJoiner } from "./pattern_joiner.ts";
import { presets } from "./presets/presets.ts";
import { RuleJoiner } from "./rule_joiner.ts";

/** What holds for partial lines where no block `multiline` says otherwise. */
const DEFAULTS = { max_lines: 500, max_bytes: 1024 * 1024, timeout: 5_000 };

const FORMATS = { cri, docker };

/** What joins lines as `options` say. Throws KeyError for a pattern that is none. */
export function createFramer({ container, multiline }: FramingOptions): Framer {
  const { max_lines: maxLines, max_bytes: maxBytes, timeout } = multiline ?? DEFAULTS;
  const limits = { maxLines, maxBytes };
  const joiner = multiline === undefined ? singleLines : joinerOf(multiline);
  return container === undefined
    ? new LineFramer(joiner, limits, timeout)
    : new ContainerFramer(FORMATS[container], joiner, limits, timeout);
}

function joinerOf({ preset, pattern, negate, match }: MultilineConfig): LineJoiner {
  if (preset !== undefined) return new RuleJoiner(presets[preset]);
  try {
    return patternJoiner({ pattern: compileRegExp(pattern ?? ""), negate, match });
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new KeyError("multiline.pattern", error.message, { cause: error });
  }
}
