import type { Expand } from "../lib/schema_validate.ts";

/** Answers the value of an environment variable, or undefined. May throw `Deno.errors.NotCapable`. */
export type Environment = (name: string) => string | undefined;

/** `$$`, `${…}`, `$NAME`, or a `$` before anything else, which stays as it is: regular expressions end with one. */
const VARIABLE = /\$(?:\$|\{([^}]*)(\}?)|([A-Za-z_]\w*))/g;
const BRACED = /^([A-Za-z_]\w*)(?::([-?])(.*))?$/s;

/**
 * Makes the function that replaces variables in scalars: `$NAME`, `${NAME}`, `${NAME:-default}` (also for an empty
 * variable), `${NAME:?message}` and `$$`. Names that were asked for are added to `asked`.
 */
export function expander(environment: Environment, asked: Set<string>): Expand {
  return (text) => {
    const mistakes: string[] = [];
    let secret = false;
    const valueOf = (name: string, operator: string | undefined, word: string): string => {
      asked.add(name);
      const value = look(environment, name, mistakes);
      if (value === undefined && mistakes.length > 0) return "";
      const missing = value === undefined || (operator !== undefined && value === "");
      if (!missing) {
        secret = true;
        return value;
      }
      if (operator === "-") return word;
      if (operator === "?") {
        mistakes.push(`needs the environment variable ${name}: ${word || "it is not set"}`);
      } else {
        mistakes.push(
          `environment variable ${name} is not set; set it, give a default with \${${name}:-default}, or write $$ for a dollar`,
        );
      }
      return "";
    };
    const expanded = text.replace(VARIABLE, (whole, braced?: string, close?: string, plain?: string) => {
      if (plain !== undefined) return valueOf(plain, undefined, "");
      if (braced === undefined) return "$";
      const parts = close === "" ? null : BRACED.exec(braced);
      if (parts !== null) return valueOf(parts[1] ?? "", parts[2], parts[3] ?? "");
      mistakes.push(
        `"${whole}" is no variable; allowed are \${NAME}, \${NAME:-default} and \${NAME:?message}, and $$ for a dollar`,
      );
      return "";
    });
    return mistakes.length > 0 ? { mistake: mistakes.join("; ") } : { text: expanded, secret };
  };
}

function look(environment: Environment, name: string, mistakes: string[]): string | undefined {
  try {
    return environment(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    mistakes.push(
      `cannot read environment variable ${name}: permission denied; start with --allow-env=${name}`,
    );
    return undefined;
  }
}
