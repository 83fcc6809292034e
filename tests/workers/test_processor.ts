import type { Job, PlanFiles, Processed, ProcessorPlan } from "../../src/processing/plan.ts";
import type { Processor } from "../../src/processor.ts";
import { KeyError } from "../../src/lib/key_error.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * A small processor that does what its records say:
 * - `drop`, `dead`, `warn:TEXT`, `to:PARTITION:TEXT`, anything else: upper case to output "a"
 * - `throw:TEXT`, `hang`, `regex`, `exit`, `close`, `later:TEXT` (throws after the job), `reject:TEXT`: what kills workers
 * - `count`: how many records this processor has seen; `file:PATH`: the contents of a file
 * Records of output "b" are their offsets. The input's name makes it unbuildable: "bad" (KeyError), "worse" (throws).
 * With a file "starts", the second and the third worker cannot be built.
 */
export function buildTestProcessor(plan: ProcessorPlan, files: PlanFiles): Promise<Processor> {
  if (plan.input === "bad") return Promise.reject(new KeyError("parsers[0].pattern", "is no pattern"));
  if (plan.input === "worse") return Promise.reject(new TypeError("went wrong\nsecond line"));
  // Files are shared by all workers: this one counts how often one was started.
  const starts = files.get("starts");
  if (starts !== undefined && [1, 2].includes(Atomics.add(starts, 0, 1))) {
    return Promise.reject(new Error("not yet"));
  }
  let seen = 0;
  return Promise.resolve({
    process(job: Job): Processed {
      const a = new Map<string, { lines: string[]; records: number[] }>();
      const all: number[] = [];
      const b: string[] = [];
      const discarded: Record<string, number> = {};
      const deadLetters: { index: number; reason: string }[] = [];
      const warnings: string[] = [];
      let unparsed = 0;
      for (let index = 0; index < job.ends.length; index++) {
        const start = job.ends[index - 1] ?? 0;
        const line = decoder.decode(job.bytes.subarray(start, job.ends[index]));
        const [word, ...rest] = line.split(":");
        const text = rest.join(":");
        seen++;
        const emit = (value: string, partition = "") => {
          const values = a.get(partition) ?? { lines: [], records: [] };
          values.lines.push(value);
          values.records.push(index);
          all.push(index);
          a.set(partition, values);
          b.push(String(job.origin?.offsets?.[index] ?? (job.origin?.offset ?? 0) + start));
        };
        if (word === "drop") discarded["drop"] = (discarded["drop"] ?? 0) + 1;
        else if (word === "dead") deadLetters.push({ index, reason: "as told" });
        else if (word === "warn") warnings.push(text);
        else if (word === "to") emit(rest.slice(1).join(":"), rest[0]);
        else if (word === "count") emit(String(seen));
        else if (word === "file") emit(decoder.decode(files.get(text)));
        else if (word === "source") emit(JSON.stringify([job.source, job.receivedAt, job.origin?.id]));
        else if (word === "throw") throw new Error(text);
        else if (word === "hang") { for (;;); }
        else if (word === "regex") /^(?=(a+)+$)/.test("a".repeat(50) + "b");
        else if (word === "exit") Deno.exit();
        else if (word === "close") self.close();
        else if (word === "later") {
          setTimeout(() => {
            throw new Error(text);
          });
        } else if (word === "reject") Promise.reject(new Error(text));
        else {
          unparsed++;
          emit(line.toUpperCase());
        }
      }
      const batches = [...a].map(([partition, { lines, records }]) => ({
        output: "a",
        batch: batchOf(lines, partition),
        records: Uint32Array.from(records),
      }));
      if (b.length > 0) {
        batches.push({ output: "b", batch: batchOf(b, ""), records: Uint32Array.from(all) });
      }
      return { batches, discarded, deadLetters, unparsed, warnings };
    },
  });
}

function batchOf(lines: readonly string[], partition: string) {
  const parts = lines.map((line) => encoder.encode(line));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  const ends = new Uint32Array(parts.length);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    bytes.set(part, at);
    ends[index] = at += part.length;
  }
  return { bytes, ends, partition };
}
