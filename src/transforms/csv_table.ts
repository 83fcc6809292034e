/**
 * Splits CSV (RFC 4180: quotes around values that hold separators, line breaks or doubled quotes) into rows. Empty
 * lines are left out; a byte order mark, too.
 */
export function parseCsv(text: string, separator = ","): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    let value = "";
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1);
      value = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    }
    const end = valueEnd(text, at, separator);
    value += text.slice(at, end);
    row.push(value);
    at = end;
    if (text[at] === separator) {
      at++;
      if (at === text.length) row.push("");
      if (at < text.length) continue;
    }
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
  }
  return rows;
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at === -1 ? text.length : at;
}

function valueEnd(text: string, from: number, separator: string): number {
  let at = from;
  while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}
