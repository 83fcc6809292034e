import type { LineRules } from "../rule_joiner.ts";
import { ANY, BLANK, LOG_LINE } from "./messages.ts";

const PANIC =
  /^(?:panic: |fatal error: |unexpected fault address |runtime: (?:goroutine stack exceeds|out of memory)|SIG[A-Z]+: )/;
const SERVING = /panic serving \S+: /;
const GOROUTINE = /^goroutine \d+ .*\[.*\]:\s*$/;
const RUNTIME_STACK = /^runtime stack:\s*$/;
/** `main.(*Server).Run(0xc000010000, {0x1, 0x2})`, `created by main.start in goroutine 1`. */
const FUNCTION = /^(?:[^\s(]+\(.*\)|created by \S+.*)\s*$/;
const PLACE = /^\s+\S.*:\d+/;
const REMARK = /^(?:\.{3}|\[originating from |goroutine running on other thread)/;
const REGISTER = /^[a-z]\w{1,6}\s+0x[0-9a-f]+\s*$/;

/** Panics, fatal errors and dumps of goroutines. */
export const go: LineRules = {
  textGoesOn: false,
  rules: [
    ["start", PANIC, "panic"],
    ["start", SERVING, "panic"],
    ["start panic message? gap? goroutine", GOROUTINE, "goroutine"],
    ["panic gap?", RUNTIME_STACK, "goroutine"],
    ["panic", /^(?:\t|\[signal |PC=|fatal error: |runtime: )/, "panic"],
    ["panic message? gap? goroutine registers", BLANK, "gap?"],
    ["panic message?", LOG_LINE, "end"],
    ["panic message?", PANIC, "end"],
    ["panic message?", ANY, "message?"],
    ["goroutine", REMARK, "goroutine"],
    ["goroutine", FUNCTION, "function?"],
    ["function?", PLACE, "goroutine"],
    ["gap? registers", REGISTER, "registers"],
  ],
};
