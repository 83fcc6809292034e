import type { LineRules } from "../rule_joiner.ts";
import { ANY, BLANK, INDENTED, LOG_LINE } from "./messages.ts";

/** Where an uncaught exception was thrown, the first line of what Node prints. */
const PLACE = /^(?:file:\/\/|node:|\/|[A-Za-z]:[\\/])\S*:\d+$/;
const ERROR = /(?:Error|Exception)(?: \[\w+\])?: /;
const FRAME = /^\s+at \S/;
const CAUSE = /^(?:\[cause\]|Caused by|caused by|From previous event):/;

/** Stacks of Node.js, Deno and browsers, with the causes and properties that consoles print. */
export const node: LineRules = {
  textGoesOn: true,
  rules: [
    ["start", PLACE, "place"],
    ["place source?", /^\s*\^+\s*$/, "mark"],
    ["place source?", LOG_LINE, "end"],
    ["place", ANY, "source?"],
    ["source?", BLANK, "end"],
    ["source?", PLACE, "end"],
    ["source?", ANY, "source?"],
    ["mark", BLANK, "mark"],
    ["mark", /^Thrown at:/, "error"],
    ["start mark", /Error.*\{\s*$/, "properties"],
    ["start", ERROR, "error"],
    ["mark", LOG_LINE, "end"],
    ["mark", ANY, "error"],
    ["text error message? trace", /^\s+at .*\{\s*$/, "properties"],
    ["text error message? trace", FRAME, "trace"],
    ["trace", /^\s+\.{3} /, "trace"],
    ["trace error text", CAUSE, "error"],
    ["properties", /^\}\s*$/, "trace"],
    ["properties", INDENTED, "properties"],
    ["properties", /^[}\]]/, "properties"],
    ["trace error gap?", BLANK, "gap?"],
    ["gap?", /^Node\.js v\d/, "version"],
    ["gap?", FRAME, "trace"],
    ["error message?", LOG_LINE, "end"],
    ["error message?", ERROR, "end"],
    ["error message?", ANY, "message?"],
  ],
};
