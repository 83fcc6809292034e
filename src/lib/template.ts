/** A piece of a template: text as it stands, or the name of a value. */
export type TemplatePart = { readonly text: string } | { readonly name: string };

/**
 * Splits a template such as `app-{{ source }}.log` into its parts. Names may hold letters, digits, "_", "-" and "."
 * (labels of other systems have them). Throws an Error that says what is wrong.
 */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let position = 0;
  while (position < template.length) {
    const open = template.indexOf("{{", position);
    const text = open === -1 ? template.slice(position) : template.slice(position, open);
    if (text.includes("}}")) throw new Error(`"}}" has no "{{" before it; values are written {{ name }}`);
    if (text !== "") parts.push({ text });
    if (open === -1) break;
    const close = template.indexOf("}}", open);
    if (close === -1) throw new Error(`"{{" has no "}}" after it; values are written {{ name }}`);
    const name = template.slice(open + 2, close).trim();
    if (!/^[A-Za-z0-9_.-]+$/u.test(name)) {
      throw new Error(`"{{${template.slice(open + 2, close)}}}" is no value; values are written {{ name }}`);
    }
    parts.push({ name });
    position = close + 2;
  }
  return parts;
}
