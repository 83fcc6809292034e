import { dotnet } from "./dotnet.ts";
import { go } from "./go.ts";
import { java } from "./java.ts";
import { node } from "./node.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";

/** The stack traces that are known, by the language that prints them. */
export const presets = { java, python, go, ruby, dotnet, node } as const;

/** A language whose stack traces are known. */
export type PresetName = keyof typeof presets;
