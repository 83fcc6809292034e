import { Buffer } from "node:buffer";
import { concatenated, type ContainerFormat, type ContainerLine } from "./container_format.ts";

/** How the runtime itself writes a line: `{"log":"text\n","stream":"stdout","time":"2024-01-01T00:00:00.000000000Z"}`. */
const LOG = '{"log":"';
/** Cannot stand inside of a JSON string, where quotes are escaped. */
const STREAM = '","stream":"';
const TIME = '"time":"';
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;

/** Lines of Docker's driver `json-file`: a log without line feed at its end goes on in the next line. */
export const docker: ContainerFormat = {
  read(line: string, into: ContainerLine, withContent: boolean): boolean {
    const end = logEnd(line);
    if (end === -1) return readOther(line, into);
    const stream = end + STREAM.length;
    const streamEnd = line.indexOf('"', stream);
    if (streamEnd === -1) return false;
    const time = line.indexOf(TIME, streamEnd) + TIME.length;
    const isWhole = endsWithLineFeed(line, end);
    into.stream = line.slice(stream, streamEnd);
    into.time = line.slice(time, line.indexOf('"', time));
    into.isPartial = !isWhole;
    into.content = withContent ? unescaped(line.slice(LOG.length, isWhole ? end - 2 : end)) : "";
    return true;
  },

  join(lines: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [];
    let rest: Uint8Array | undefined;
    for (const line of lines) {
      // One character a byte, so that places in the text are places in the bytes.
      const end = logEnd(Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1"));
      if (end === -1) return joinOthers(lines);
      parts.push(line.subarray(rest === undefined ? 0 : LOG.length, end));
      rest ??= line.subarray(end);
    }
    if (rest !== undefined) parts.push(rest);
    return concatenated(parts);
  },
};

/** Where the log ends in a line as the runtime writes it, or -1. */
function logEnd(line: string): number {
  return line.startsWith(LOG) ? line.indexOf(STREAM, LOG.length) : -1;
}

/** Whether an escaped line feed stands before `end`: an `n` behind an odd number of backslashes. */
function endsWithLineFeed(line: string, end: number): boolean {
  if (line.charCodeAt(end - 1) !== LETTER_N) return false;
  let at = end - 2;
  while (at >= LOG.length && line.charCodeAt(at) === BACKSLASH) at--;
  return (end - at) % 2 === 1;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return text;
  }
}

interface DockerLine {
  readonly log: string;
  readonly stream: string;
  readonly time?: unknown;
}

/** The same members in another order, or with spaces. */
function parseOther(line: string): DockerLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: Partial<DockerLine> = JSON.parse(line);
    return typeof value.log === "string" && typeof value.stream === "string"
      ? value as DockerLine
      : undefined;
  } catch {
    return undefined;
  }
}

function readOther(line: string, into: ContainerLine): boolean {
  const value = parseOther(line);
  if (value === undefined) return false;
  into.stream = value.stream;
  into.time = typeof value.time === "string" ? value.time : "";
  into.isPartial = !value.log.endsWith("\n");
  into.content = into.isPartial ? value.log : value.log.slice(0, -1);
  return true;
}

function joinOthers(lines: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const values = lines.map((line) => parseOther(new TextDecoder().decode(line)));
  const log = values.map((value) => value?.log ?? "").join("");
  return new TextEncoder().encode(`${JSON.stringify({ ...values[0], log })}\n`);
}
