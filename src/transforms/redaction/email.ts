import type { Replacement } from "./redactions.ts";

/** Characters of the part before the "@" that need no quotes; quotes, slashes and "=" belong to what is around it. */
const LOCAL = /^[\p{L}\p{N}._%+~-]$/u;
const DOMAIN = /^[\p{L}\p{N}.-]$/u;
const DOMAIN_NAME =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,10}(?:\p{L}{2,24}|xn--[a-z0-9]{2,59})/iu;
const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;

/** Hides addresses of e-mail. */
export function redactEmails(text: string, replacement: Replacement): string {
  let at = text.indexOf("@");
  if (at === -1) return text;
  let result = "";
  let copied = 0;
  for (; at !== -1; at = text.indexOf("@", at + 1)) {
    const start = localStart(text, at, copied);
    const end = domainEnd(text, at + 1);
    if (start === at || end === undefined) continue;
    result += text.slice(copied, start) + replacement(text.slice(start, end));
    copied = end;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

function localStart(text: string, at: number, from: number): number {
  let start = at;
  while (start > from && at - start < LONGEST_LOCAL && LOCAL.test(text.charAt(start - 1))) start--;
  while (start < at && text[start] === ".") start++;
  return start;
}

function domainEnd(text: string, from: number): number | undefined {
  let end = from;
  while (end < text.length && end - from < LONGEST_DOMAIN && DOMAIN.test(text.charAt(end))) end++;
  const name = DOMAIN_NAME.exec(text.slice(from, end))?.[0];
  return name === undefined ? undefined : from + name.length;
}
