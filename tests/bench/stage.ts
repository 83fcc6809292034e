import { join } from "node:path";
import type { ProcessMeter } from "./process_meter.ts";
import { makeSampleFiles, type SampleFiles, type SampleKind } from "./sample_files.ts";
import type { Sizes } from "./sizes.ts";
import type { Programs } from "./subjects.ts";

/** What all parts of a benchmark share. */
export interface Stage {
  readonly meter: ProcessMeter;
  readonly programs: Programs;
  readonly sizes: Sizes;
  readonly directory: string;
  /** Says what is going on. */
  progress(text: string): void;
  /** A directory that is not there yet. */
  fresh(): string;
  /** Sample files, made when they are asked for first. */
  samples(files: number, lines: number, kind?: SampleKind): SampleFiles;
}

export function makeStage(options: Omit<Stage, "fresh" | "samples">): Stage {
  const made = new Map<string, SampleFiles>();
  let count = 0;
  return {
    ...options,
    fresh: () => join(options.directory, `fresh-${count++}`),
    samples(files, lines, kind = "web") {
      const name = `samples-${kind}-${files}-${lines}`;
      const samples = made.get(name) ?? makeSampleFiles(join(options.directory, name), files, lines, kind);
      made.set(name, samples);
      return samples;
    },
  };
}
