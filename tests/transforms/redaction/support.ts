import { redactions } from "../../../src/transforms/redaction/redactions.ts";

/** A text after a redaction by name, its finds as `<found>`. */
export function redacted(name: string, text: string): string {
  const [redaction] = redactions([name]);
  return redaction!.redact(text, (secret) => `<${secret}>`);
}
