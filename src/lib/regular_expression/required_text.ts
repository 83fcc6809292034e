import type { Alternatives, AtomNode, Sequence } from "./node.ts";

/**
 * The longest text that every match holds, as far as it is easy to see; empty if there is none. Looking for it first
 * is many times faster than a search that fails at every place of a line.
 */
export function requiredText(alternatives: Alternatives): string {
  const [only] = alternatives;
  if (only === undefined || alternatives.length > 1) return "";
  let longest = "";
  for (const text of texts(only)) {
    if (text.length > longest.length) longest = text;
  }
  return longest;
}

/** Texts that stand in every match of a sequence. */
function texts(sequence: Sequence): string[] {
  const found: string[] = [];
  let text = "";
  const end = () => {
    if (text !== "") found.push(text);
    text = "";
  };
  for (const node of sequence) {
    const char = node.kind === "atom" ? characterOf(node) : undefined;
    if (char !== undefined) {
      text += char;
      continue;
    }
    end();
    if (node.kind === "group" && !node.type.startsWith("not_")) {
      const inner = requiredText(node.body);
      if (inner !== "") found.push(inner);
    }
  }
  end();
  return found;
}

/** The only character that an atom matches. */
function characterOf({ source, zeroWidth }: AtomNode): string | undefined {
  if (zeroWidth) return undefined;
  if (/^[^\\[\](){}.*+?^$|]$/u.test(source)) return source;
  return /^\\[^A-Za-z0-9]$/.test(source) ? source.slice(1) : undefined;
}

/** Whether a pattern matches only at the beginning of a text or of a line, where a search that fails is fast anyway. */
export function beginsAnchored(alternatives: Alternatives): boolean {
  return alternatives.every(([first]) => {
    if (first?.kind === "atom") return first.source === "^" || first.source === "(?m:^)";
    return first?.kind === "group" && (first.type === "plain" || first.type === "capture") &&
      beginsAnchored(first.body);
  });
}
