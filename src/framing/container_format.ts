/** A line as a container runtime wrote it. The parser uses the same object again for the next line. */
export interface ContainerLine {
  /** The stream of the container that it came from. */
  stream: string;
  /** The container's line goes on in the next line of this stream. */
  isPartial: boolean;
  /** When it was written, in RFC 3339. */
  time: string;
  /** What the container wrote, without its line break. */
  content: string;
}

/** How a container runtime writes the lines of a container. */
export interface ContainerFormat {
  /** Reads a line into `into`; false, when it is not in this format. The content is read only where it is asked for. */
  read(line: string, into: ContainerLine, withContent: boolean): boolean;
  /** One line of this format with the contents of several: those of a record, each with its line feed. */
  join(lines: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
}

/** The bytes of several arrays, one behind the other. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
