import { reasonOf } from "../../lib/reason.ts";

/**
 * Why `fetch` failed, in a few words. Its own texts repeat the whole URL, whose query may be a secret, so only what
 * stands behind that is told.
 */
export function networkReason(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause instanceof Error) last = last.cause;
  const text = reasonOf(last);
  const [, told] = /client error \(\w+\): (.+)$/u.exec(text) ?? [];
  if (told === undefined) {
    return text.startsWith("error sending request") ? "the connection failed" : lowerFirst(text);
  }
  if (told.startsWith("connection closed before")) {
    return "the server closed the connection without an answer";
  }
  return lowerFirst(told.replace(/^tcp connect error: /u, "").replace(/ \(os error \d+\)/u, ""));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
