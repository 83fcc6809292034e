import type { Position } from "../lib/schema_node.ts";

/** Something in a configuration file. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** For example `inputs.files[0].paths`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** A configuration that cannot be used. The message holds all problems, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
  }
}

/** `config.yaml:14:9 output.type: …` */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path === "" ? "" : `${path}: `}${message}`;
}

export function problemAt(file: string, at: Position, path: string, message: string): Problem {
  return { file, line: at.line, column: at.column, path, message };
}
