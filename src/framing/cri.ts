import { Buffer } from "node:buffer";
import { concatenated, type ContainerFormat, type ContainerLine } from "./container_format.ts";

const LINE_FEED = Uint8Array.of(0x0a);
const PARTIAL = 0x50;
const FULL = 0x46;
const SPACE = " ";

/** `2016-10-06T00:17:09.669794202Z stdout P content`: the tag P marks a part, F the end of a line. */
export const cri: ContainerFormat = {
  read(line: string, into: ContainerLine, withContent: boolean): boolean {
    const tag = tagOf(line);
    if (tag === -1) return false;
    const timeEnd = line.indexOf(SPACE);
    into.time = line.slice(0, timeEnd);
    into.stream = line.slice(timeEnd + 1, tag - 1);
    into.isPartial = line.charCodeAt(tag) === PARTIAL;
    into.content = withContent ? line.slice(contentOf(line, tag)) : "";
    return true;
  },

  join(lines: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [];
    let wasPartial = true;
    lines.forEach((line, index) => {
      // One character a byte, so that places in the text are places in the bytes.
      const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1");
      const tag = Math.max(0, tagOf(text));
      const content = Math.min(contentOf(text, tag), line.length - 1);
      if (index === 0) {
        parts.push(line.subarray(0, tag), Uint8Array.of(FULL), line.subarray(tag + 1, content));
        // A line without content may lack the space before it.
        if (text[content - 1] !== SPACE) parts.push(new TextEncoder().encode(SPACE));
      } else if (!wasPartial) parts.push(LINE_FEED);
      parts.push(line.subarray(content, line.length - 1));
      wasPartial = text.charCodeAt(tag) === PARTIAL;
    });
    parts.push(LINE_FEED);
    return concatenated(parts);
  },
};

/** Where the tag of a line stands, or -1 when it is not in this format. */
function tagOf(line: string): number {
  const timeEnd = line.indexOf(SPACE);
  if (timeEnd < 1) return -1;
  const tag = line.startsWith("std", timeEnd + 1) ? line.indexOf(SPACE, timeEnd + 1) + 1 : 0;
  if (tag === 0) return -1;
  const code = line.charCodeAt(tag);
  if (code !== PARTIAL && code !== FULL) return -1;
  const behind = line.charAt(tag + 1);
  return behind === "" || behind === SPACE || behind === ":" || behind === "\n" || behind === "\r" ? tag : -1;
}

/** Where the content begins, behind the tag and its space. */
function contentOf(line: string, tag: number): number {
  const space = line.indexOf(SPACE, tag);
  return space === -1 ? line.length : space + 1;
}
