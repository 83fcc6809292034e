import { compilePatterns } from "../name_matcher.ts";
import { redactCards } from "./card.ts";
import { redactEmails } from "./email.ts";
import { redactIps } from "./ip.ts";
import { redactSecrets } from "./secret.ts";
import { redactTokens } from "./token.ts";

/** What takes the place of a secret. */
export type Replacement = (secret: string) => string;

/** Hides the secrets of one kind in a text. Answers the text itself if there are none, which must cost little. */
export interface Redaction {
  redact(text: string, replacement: Replacement): string;
}

/** Those that are known by name, in the order in which they are applied: the more special first. */
const known: readonly (readonly [string, Redaction])[] = [
  ["token", { redact: redactTokens }],
  ["secret", { redact: redactSecrets }],
  ["email", { redact: redactEmails }],
  ["card", { redact: redactCards }],
  ["ip", { redact: redactIps }],
];

/** The redactions of a list of names and regular expressions. Throws KeyError, `patterns[1]` for example. */
export function redactions(patterns: readonly string[]): Redaction[] {
  const named = known.filter(([name]) => patterns.includes(name)).map(([, redaction]) => redaction);
  const own = patterns.flatMap((pattern, index) => known.some(([name]) => name === pattern) ? [] : [index]);
  const expressions = compilePatterns(patterns, "patterns");
  return [...named, ...own.flatMap((index) => expressions[index] ?? []).map(ofExpression)];
}

function ofExpression({ source, flags }: RegExp): Redaction {
  const expression = new RegExp(source, `${flags}g`);
  return {
    redact(text, replacement) {
      return text.replace(expression, (match) => match === "" ? "" : replacement(match));
    },
  };
}
