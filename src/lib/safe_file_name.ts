/** Longest name that every file system takes, with some room for endings, in bytes. */
const LONGEST = 200;

/**
 * A name that users gave, as the name of a file or a directory: other names give other results, and none leads
 * elsewhere. What is no letter, digit, ".", "_" or "-" becomes "%" with its bytes in hexadecimal.
 */
export function safeFileName(name: string): string {
  const bytes = new TextEncoder().encode(name);
  let safe = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    const isSafe = /[A-Za-z0-9_-]/u.test(character) || (character === "." && safe !== "");
    safe += isSafe ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  if (safe.length > LONGEST) throw new RangeError(`Cannot name a file after "${name}": it is too long`);
  return safe;
}
