import type { PresetName } from "./presets/presets.ts";

/** The block `multiline` of a parser. */
export interface MultilineConfig {
  readonly preset?: PresetName | undefined;
  readonly pattern?: string | undefined;
  readonly negate: boolean;
  readonly match: "after" | "before";
  readonly max_lines: number;
  readonly max_bytes: number;
  /** In ms. */
  readonly timeout: number;
}

/** How the lines of an input are joined to records, before anything else. */
export interface FramingOptions {
  /** The container runtime whose partial lines are joined, those of each stream of the container. */
  readonly container?: "cri" | "docker";
  /** How lines are joined; behind a container runtime, the lines of each stream of the container. */
  readonly multiline?: MultilineConfig;
}

/** What of a parser's configuration says how lines are joined. */
export interface FramingParser {
  readonly type: string;
  readonly multiline?: MultilineConfig | undefined;
}

/** How the parsers of an input have its lines joined; undefined where every line is a record. */
export function framingOf(parsers: readonly FramingParser[]): FramingOptions | undefined {
  const multiline = parsers.find((parser) => parser.multiline !== undefined)?.multiline;
  const type = parsers.find((parser) => parser.type === "cri" || parser.type === "docker")?.type;
  const container = type === "cri" || type === "docker" ? type : undefined;
  if (multiline === undefined && container === undefined) return undefined;
  return {
    ...(container === undefined ? {} : { container }),
    ...(multiline === undefined ? {} : { multiline }),
  };
}
