import { Buffer } from "node:buffer";
import type { Delivered } from "./delivered.ts";
import { appendBytes, type LineWriter } from "./line_writer.ts";

/** An event as it arrives. */
export interface ArrivedEvent {
  readonly timestamp: string;
  readonly message: string;
  readonly level?: string;
  readonly source: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly raw?: string;
}

/** The next lines of a writer as JSON objects: each line is the member `msg`, byte for byte as characters. */
export function jsonLines(
  writer: LineWriter,
  count: number,
  more: (sequence: number) => object = () => ({}),
): Uint8Array {
  const first = writer.written + 1;
  const text = Buffer.from(writer.lines(count)).toString("latin1");
  const lines = text.split("\n").slice(0, -1).map((msg, index) => {
    const sequence = first + index;
    const level = ["info", "WARN", "error"][sequence % 3];
    return `${JSON.stringify({ level, n: sequence, msg, nested: { a: [1, "ü"] }, ...more(sequence) })}\n`;
  });
  return Buffer.from(lines.join(""));
}

/** Appends the next lines of a writer as JSON objects. */
export function appendJson(
  path: string,
  writer: LineWriter,
  count: number,
  more?: (sequence: number) => object,
): void {
  appendBytes(path, jsonLines(writer, count, more));
}

/** Event JSON that has arrived. */
export function eventsOf(delivered: Delivered): ArrivedEvent[] {
  return Buffer.from(delivered.bytes()).toString("utf8").split("\n").slice(0, -1).map((line) =>
    JSON.parse(line)
  );
}

/** The messages of event JSON as the lines that their writer made. */
export class DeliveredMessages implements Delivered {
  constructor(private readonly inner: Delivered) {}

  get lines(): number {
    return this.inner.lines;
  }

  bytes(): Uint8Array {
    const whole = this.inner.bytes();
    const lines = Buffer.from(whole.subarray(0, whole.lastIndexOf(0x0a) + 1)).toString("utf8").split("\n")
      .slice(0, -1);
    return Buffer.concat(lines.map((line) => Buffer.from(`${JSON.parse(line).message}\n`, "latin1")));
  }
}
