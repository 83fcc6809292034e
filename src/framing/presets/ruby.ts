import type { LineRules } from "../rule_joiner.ts";
import { ANY, BLANK, INDENTED, LOG_LINE } from "./messages.ts";

// These begin with what few lines hold: an anchor and `.*` before it would take many times as long.
/** The line of an exception that nobody caught: `app.rb:3:in 'Shop#order': out of stock (RuntimeError)`. */
const UNCAUGHT = /:\d+:in [`'].*': |\.rb:\d+: .*\([A-Z]\w*(?:::\w+)*\)\s*$/;
const FROM = /^\s+(?:from \S.*:\d+|\.{3} \d+ levels\.{3})/;
/** A frame as `Exception#backtrace` and loggers print it. */
const FRAME = /:\d+:in [`'][^']*'\s*$/;
/** The line of an exception as Rails and loggers print it. */
const LOGGED = /^[A-Z][\w:]*(?:Error|Exception)\b|\([A-Z]\w*(?:::\w+)*\)\s*$/;
const MARK = /^\s+~*\^[~^]*\s*$/;

/** Backtraces of Ruby, of uncaught and of logged exceptions, with causes and the marked code of Ruby 3. */
export const ruby: LineRules = {
  textGoesOn: true,
  rules: [
    ["start", /^Traceback \(most recent call last\):\s*$/, "reversed"],
    ["reversed", /^\s+\d+: from /, "reversed"],
    ["text uncaught message? code? snippet trace", FROM, "trace"],
    ["start text logged gap? trace", FRAME, "trace"],
    ["start reversed uncaught snippet trace", UNCAUGHT, "uncaught"],
    ["uncaught", FRAME, "trace"],
    ["uncaught code? snippet", /^Did you mean\?/, "snippet"],
    ["code?", MARK, "snippet"],
    ["uncaught code? snippet", INDENTED, "code?"],
    ["uncaught message?", LOG_LINE, "end"],
    ["uncaught message?", ANY, "message?"],
    ["start cause", LOGGED, "logged"],
    ["logged gap?", INDENTED, "gap?"],
    ["trace", BLANK, "gap?"],
    ["gap?", /^Caus(?:es|ed by):\s*$/, "cause"],
  ],
};
