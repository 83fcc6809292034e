/** What cannot stand in a JSON string as it is; lone surrogates among it, which have no UTF-8. */
// deno-lint-ignore no-control-regex
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;
/** Up to this length a loop is faster than a regular expression. */
const SHORT = 13;

/** A text as it stands between the quotes of a JSON string. */
export function jsonText(text: string): string {
  return isPlain(text) ? text : JSON.stringify(text).slice(1, -1);
}

/** A text as JSON, in quotes. */
export function jsonString(text: string): string {
  return isPlain(text) ? '"' + text + '"' : JSON.stringify(text);
}

function isPlain(text: string): boolean {
  const { length } = text;
  if (length >= SHORT) return !SPECIAL.test(text);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (
      code < 0x20 || code === 0x22 || code === 0x5c ||
      (code >= 0xd800 && code <= 0xdfff)
    ) return false;
  }
  return true;
}
