import type { LineRules } from "../rule_joiner.ts";
import { BLANK } from "./messages.ts";

const GROUP = /^\s*\+ Exception Group Traceback \(most recent call last\):\s*$/;
const TRACEBACK = /Traceback \(most recent call last\):\s*$/;
const REMOTE = /RemoteTraceback:\s*$/;
const QUOTES = /^"""\s*$/;
const CHAIN = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** The line that names the exception: `ValueError: text`, `package.module.Class`. */
const EXCEPTION = /^[A-Za-z_][\w.<>]*(?::|\s*$)/;
/** What well-known libraries put behind the exception. */
const DETAIL =
  /^(?:\s+\S|\[SQL: |\[parameters: |\(Background on this error|(?:DETAIL|HINT|CONTEXT|LINE \d+): )/;

/** Tracebacks of Python, with chained exceptions, exception groups and those of other processes. */
export const python: LineRules = {
  textGoesOn: false,
  rules: [
    ["start chained", GROUP, "group"],
    ["start chained remote quotes", TRACEBACK, "frames"],
    ["start chained", REMOTE, "remote"],
    ["remote", QUOTES, "quotes"],
    // A syntax error in the program itself has no other header.
    ["start", /^ {2}File "/, "frames"],
    ["frames", /^\s+\S/, "frames"],
    ["frames", EXCEPTION, "exception"],
    ["exception", DETAIL, "exception"],
    ["group", /^\s+[|+]/, "group"],
    ["exception group gap?", BLANK, "gap?"],
    ["exception gap?", QUOTES, "gap?"],
    ["gap?", CHAIN, "chained"],
    ["chained", BLANK, "chained"],
  ],
};
