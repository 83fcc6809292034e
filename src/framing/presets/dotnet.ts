import type { LineRules } from "../rule_joiner.ts";
import { ANY, BLANK, INDENTED, LOG_LINE } from "./messages.ts";

const EXCEPTION = /Exception(?: \(0x[0-9A-Fa-f]+\))?(?: \(\d+\))?: /;
/** The word is translated in the .NET Framework. */
const FRAME = /^\s+(?:at|bei|à|en|in|в) .*\(.*\)/;
const INNER = /^\s*---> /;
const SEPARATOR = /^\s*--- .* ---\s*$/;

/** Traces of .NET and Mono, with inner and aggregated exceptions. Any line may stand before the frames. */
export const dotnet: LineRules = {
  textGoesOn: true,
  rules: [
    ["start", EXCEPTION, "exception"],
    ["text exception message? inner trace gap?", FRAME, "trace"],
    ["text exception message? inner trace gap?", INNER, "inner"],
    ["exception inner trace", SEPARATOR, "trace"],
    ["inner trace gap?", BLANK, "gap?"],
    ["exception message? inner", INDENTED, "message?"],
    ["exception message? inner", LOG_LINE, "end"],
    ["exception message? inner", EXCEPTION, "end"],
    ["exception message? inner", ANY, "message?"],
  ],
};
