import type { LineRules } from "../rule_joiner.ts";
import { ANY, INDENTED, LOG_LINE } from "./messages.ts";

const EXCEPTION = /(?:Exception|Error|Throwable)(?::|\s*$)/;
const FRAME = /^\s+at .*[([]/;
const IN_TRACE =
  /^\s+(?:at |\.{3} \d+ |- (?:locked|waiting|parking|eliminated|None)|Locked ownable synchronizers:|\(Coroutine boundary\))/;
const CAUSE = /^\s*(?:Caused by|Suppressed|Wrapped by): /;
const CIRCULAR = /^\s*\[CIRCULAR REFERENCE/;

/**
 * Traces of Java, Kotlin and Scala: `Throwable.printStackTrace`, what loggers make of it, and threads of `jstack`. Any
 * line may stand before the frames, since loggers put the exception where their pattern says.
 */
export const java: LineRules = {
  textGoesOn: true,
  rules: [
    ["start", EXCEPTION, "exception"],
    ["text exception message? cause trace", FRAME, "trace"],
    ["text exception message? cause trace", CAUSE, "cause"],
    ["text exception cause trace", CIRCULAR, "trace"],
    ["text trace", /^\s+java\.lang\.Thread\.State: /, "trace"],
    ["cause trace", IN_TRACE, "trace"],
    ["exception message? cause", INDENTED, "message?"],
    ["exception message? cause", LOG_LINE, "end"],
    ["exception message? cause", EXCEPTION, "end"],
    ["exception message? cause", ANY, "message?"],
  ],
};
