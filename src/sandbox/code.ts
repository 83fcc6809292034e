import type * as acorn from "acorn";
import { KeyError } from "../lib/key_error.ts";

/** Longer code is refused. */
const MAX_LENGTH = 256 * 1024;

/** Code of the user's with the text in which it runs. */
export interface Code {
  /** Key of the configuration under which the code stands. */
  readonly key: string;
  /** An expression: the function around the code. */
  readonly text: string;
  /** Where the code itself begins in the text. */
  readonly start: number;
  readonly function: acorn.FunctionExpression;
}

/** What stands around the code. */
interface Frame {
  /** Ends with a line feed, so that lines are easily counted. */
  readonly before: string;
  /** Begins with a line feed, so that a comment at the end of the code ends, too. */
  readonly after: string;
  /** Parenthesised expressions are nodes of their own. */
  readonly preserveParens: boolean;
}

/**
 * Parses the code within its frame as strict JavaScript, the very text that V8 gets to see. Throws KeyError with line
 * and column inside the code.
 */
export async function parseCode(source: string, key: string, frame: Frame): Promise<Code> {
  const { parse } = await import("acorn");
  if (source.trim() === "") throw new KeyError(key, "is empty");
  if (source.length > MAX_LENGTH) throw new KeyError(key, "is too long: at most 256 KiB of code are taken");
  const text = frame.before + source + frame.after;
  const start = frame.before.length;
  const fail = (position: number, message: string): never => {
    throw codeError({ key, text, start }, Math.min(position, start + source.length), message);
  };
  let program: acorn.Program;
  try {
    program = parse(text, {
      ecmaVersion: 2025,
      sourceType: "script",
      allowHashBang: false,
      preserveParens: frame.preserveParens,
      onComment: (_block, _text, position) => {
        // "<!--" and "-->" begin a comment in scripts, but not in modules.
        if (text[position] !== "/") fail(position, "comments begin with // or /*");
      },
    });
  } catch (error) {
    if (error instanceof RangeError || (error instanceof SyntaxError && /stack space/.test(error.message))) {
      throw new KeyError(key, "is nested too deeply");
    }
    if (!(error instanceof SyntaxError) || !("pos" in error) || typeof error.pos !== "number") throw error;
    return fail(error.pos, error.message.replace(/ \(\d+:\d+\)$/, "").replace(/^[A-Z](?=[a-z])/, lower));
  }
  const [statement, ...others] = program.body;
  let expression = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  if (expression?.type === "ParenthesizedExpression") expression = expression.expression;
  if (
    others.length > 0 || expression?.type !== "FunctionExpression" ||
    expression.body.end !== text.length - 1
  ) return fail(start, "has a bracket too many");
  return { key, text, start, function: expression };
}

/** What is wrong with the code at a position of its text. */
export function codeError(
  { key, text, start }: Pick<Code, "key" | "text" | "start">,
  position: number,
  message: string,
): KeyError {
  const lines = text.slice(start, Math.max(start, position)).split(/\r\n|[\n\r\u2028\u2029]/);
  const column = (lines.at(-1) ?? "").length + 1;
  return new KeyError(key, `${lines.length}:${column} ${message}`);
}

function lower(letter: string): string {
  return letter.toLowerCase();
}
