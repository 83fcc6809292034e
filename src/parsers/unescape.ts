const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([^ux]))/gs;
const CHARACTERS: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["a", "\x07"],
  ['"', '"'],
  ["'", "'"],
  ["\\", "\\"],
  ["/", "/"],
]);

/** Resolves the escapes of quoted text as JSON and Go write them; a backslash before anything else stays. */
export function unescape(text: string): string {
  return text.replace(ESCAPE, (whole, unicode?: string, hex?: string, character?: string) => {
    const code = unicode ?? hex;
    if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
    return CHARACTERS.get(character ?? "") ?? whole;
  });
}
