import { formatByteSize } from "../lib/byte_size.ts";
import type { Position } from "../lib/schema_node.ts";
import type { Config, OutputEntry } from "./config.ts";
import type { Conflict } from "./normalise.ts";

/** Where values are written, by path. */
type Positions = ReadonlyMap<string, Position>;

/** The path of an output's own key as it is written: beside `type`, or in the block that is named like the type. */
export function outputKeyPath(positions: Positions, { path, type }: OutputEntry, key: string): string {
  const first = /^[\w-]+/.exec(key)?.[0] ?? "";
  const inBlock = first !== "" && positions.has(`${path}.${type}.${first}`);
  return inBlock ? `${path}.${type}.${key}` : `${path}.${key}`;
}

/** What is allowed, and surely not what is meant. */
export function hintsOf(config: Config, positions: Positions): Conflict[] {
  const { outputs, wal, dead_letter: deadLetter } = config;
  const hints: Conflict[] = [];
  if (
    positions.has("wal") && !positions.has("wal.enabled") && !outputs.some((each) => isOnDisk(each, config))
  ) {
    hints.push({
      path: "wal",
      message: "has no effect, since no buffer is on disk; write enabled: true, or type: disk in a buffer",
    });
  }
  if (positions.has("dead_letter") && !positions.has("dead_letter.enabled") && !deadLetter.enabled) {
    hints.push({ path: "dead_letter", message: "has no effect without enabled: true" });
  }
  for (const output of outputs) {
    const path = `${output.path}.buffer`;
    if (wal.enabled && output.buffer?.type === "memory" && !positions.has(`${path}.type`)) {
      const message = "is in memory, beside the log that wal.enabled gives to the other outputs; " +
        "write type: disk, or type: memory if it is meant to be";
      hints.push({ path, message });
    }
    if (!isOnDisk(output, config)) hints.push(...tooLargeBatches(output, config, positions));
  }
  return hints;
}

function isOnDisk({ buffer: own }: OutputEntry, { wal, buffer }: Config): boolean {
  return own === undefined ? wal.enabled || buffer.type === "disk" : own.type === "disk";
}

/** A batch cannot have more than what may wait for it. */
function tooLargeBatches(output: OutputEntry, config: Config, positions: Positions): Conflict[] {
  const { batch_size: events, batch_bytes: bytes } = output.config as Readonly<Record<string, unknown>>;
  const own = output.buffer !== undefined;
  const { size, max_bytes } = output.buffer ?? config.buffer;
  const hint = (key: string, value: unknown, limit: string, most: number, text: string): Conflict[] => {
    const path = outputKeyPath(positions, output, key);
    if (typeof value !== "number" || value <= most || !positions.has(path)) return [];
    const message = `is more than ${
      own ? `${output.path}.` : ""
    }buffer.${limit}, so batches have ${text} at most`;
    return [{ path, message }];
  };
  return [
    ...hint("batch_size", events, "size", size, `${size} records`),
    ...hint("batch_bytes", bytes, "max_bytes", max_bytes, String(formatByteSize(max_bytes))),
  ];
}
