import { type Dialect, PatternError, UnsupportedSyntaxError } from "./node.ts";

/** What inline flags such as `(?i)` have set. */
export interface Flags {
  readonly ignoreCase: boolean;
  /** `^` and `$` match at line breaks. */
  readonly multiline: boolean;
  /** `.` matches a line break. */
  readonly dotAll: boolean;
  /** White space and comments mean nothing. */
  readonly extended: boolean;
}

/** A place in the source of a pattern, moved on by who reads it. */
export class Cursor {
  readonly source: string;
  readonly dialect: Dialect;
  at = 0;

  constructor(source: string, dialect: Dialect) {
    this.source = source;
    this.dialect = dialect;
  }

  get done(): boolean {
    return this.at >= this.source.length;
  }

  /** The character here, whole even if it is two code units; empty at the end. */
  peek(): string {
    const code = this.source.codePointAt(this.at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  /** The character here; the next one is the next. */
  take(): string {
    const char = this.peek();
    this.at += char.length;
    return char;
  }

  /** Whether the source goes on like this; if so, moves behind it. */
  skip(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** What a sticky expression finds here, or undefined; moves behind it. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.source);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }

  /** An error about a place in the pattern, which is put where the message has `{at}`, or else at its end. */
  error(message: string, at = this.at): PatternError {
    // Users count from 1.
    const place = `at position ${at + 1}`;
    const text = message.includes("{at}") ? message.replace("{at}", () => place) : `${message} ${place}`;
    return new PatternError(`"${this.source}" is not a regular expression: ${text}`);
  }

  /** An error about something that is right, but not translated here. */
  unsupported(what: string, at = this.at): UnsupportedSyntaxError {
    return new UnsupportedSyntaxError(
      `"${this.source}" is a regular expression with ${what} at position ${
        at + 1
      }, which this program does not know`,
    );
  }
}
