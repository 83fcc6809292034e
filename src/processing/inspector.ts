import type { ProcessingContext } from "../component.ts";
import { type Fields, type LogEvent, newEvent, type Source } from "../event.ts";
import { KeyMistakes } from "../lib/key_error.ts";
import { compileCondition, type Condition } from "../sandbox/condition.ts";
import { type Chain, compileChain } from "./chain.ts";
import { buildParsing, type Parsing } from "./parsing.ts";
import type { PlanFiles, ProcessorPlan } from "./plan.ts";
import { planFiles } from "./plan_files.ts";

/** What a record is at one point of its way. */
export interface Snapshot {
  readonly timestamp: number;
  readonly timestampText: string | undefined;
  readonly message: string;
  readonly level: string | undefined;
  readonly source: string;
  readonly fields: Fields;
  readonly routes: readonly string[] | undefined;
}

/** What one step made of a record. */
export interface InspectedStep {
  /** For example `parser json` or `transform 2: rename`. */
  readonly name: string;
  /** Undefined when the step dropped the record. */
  readonly after: Snapshot | undefined;
}

/** The way of one record. */
export interface Inspection {
  readonly steps: readonly InspectedStep[];
  /** As it leaves the last step; undefined when a step dropped it. */
  readonly event: Snapshot | undefined;
  /** Names of the outputs that take it. */
  readonly outputs: readonly string[];
  readonly warnings: readonly string[];
}

interface InspectedOutput {
  readonly name: string;
  readonly condition: Condition | undefined;
  readonly routes: readonly string[];
}

/** Runs records through a plan one step at a time, for people who want to see what happens. */
export class Inspector {
  readonly #plan: ProcessorPlan;
  readonly #parsing: Parsing | undefined;
  readonly #steps: readonly Chain[];
  readonly #outputs: readonly InspectedOutput[];
  readonly #warnings: string[];
  /** What is to say of the plan itself. */
  readonly planWarnings: readonly string[];

  private constructor(
    plan: ProcessorPlan,
    parsing: Parsing | undefined,
    steps: readonly Chain[],
    outputs: readonly InspectedOutput[],
    warnings: string[],
  ) {
    this.#plan = plan;
    this.#parsing = parsing;
    this.#steps = steps;
    this.#outputs = outputs;
    this.planWarnings = warnings.splice(0);
    this.#warnings = warnings;
  }

  /** Builds all parts of a plan. Throws KeyErrors like `buildProcessor`. */
  static async for(plan: ProcessorPlan, files: PlanFiles): Promise<Inspector> {
    const warnings: string[] = [];
    const context: ProcessingContext = {
      resources: planFiles(files),
      now: Date.now,
      warn: (message) => void warnings.push(message),
    };
    const mistakes = new KeyMistakes();
    const parsing = await mistakes.try("", () => buildParsing(plan.parsers, context));
    const steps: Chain[] = [];
    for (const config of plan.transforms) {
      const chain = await mistakes.try("", () => compileChain([config], context));
      if (chain !== undefined) steps.push(chain);
    }
    const outputs: InspectedOutput[] = [];
    for (const [index, { name, if: source, routes }] of plan.outputs.entries()) {
      const compile = (text: string) => compileCondition(text, { key: "if", warn: context.warn });
      const condition = source === undefined
        ? undefined
        : await mistakes.try(`outputs[${index}]`, () => compile(source));
      outputs.push({ name, condition, routes });
    }
    mistakes.throwIfAny();
    return new Inspector(plan, parsing, steps, outputs, warnings);
  }

  /** The way of one record. `receivedAt`: its time, in ms since 1970, where it has none of its own. */
  inspect(record: string, source: Source, receivedAt: number): Inspection {
    const event = newEvent(source);
    event.raw = record;
    event.timestamp = receivedAt;
    // As a record that has no place in a stream.
    event.offset = -1;
    const steps: InspectedStep[] = [];
    const end = (isDropped: boolean): Inspection => ({
      steps,
      event: isDropped ? undefined : snapshotOf(event),
      outputs: isDropped ? [] : this.#outputsOf(event),
      warnings: this.#warnings.splice(0),
    });
    const parsing = this.#parsing;
    if (parsing === undefined) event.message = record;
    else {
      const name = `parser ${this.#plan.parsers.map(({ type }) => type).join(", ")}`;
      const isDropped = !parsing.parse(record, event) && parsing.onFailure !== "pass";
      steps.push({ name, after: isDropped ? undefined : snapshotOf(event) });
      if (isDropped) return end(true);
    }
    for (const [index, step] of this.#steps.entries()) {
      const isDropped = step(event) >= 0;
      const { type } = this.#plan.transforms[index] ?? { type: "?" };
      steps.push({
        name: `transform ${index + 1}: ${type}`,
        after: isDropped ? undefined : snapshotOf(event),
      });
      if (isDropped) return end(true);
    }
    return end(false);
  }

  #outputsOf(event: LogEvent): string[] {
    const takes = ({ routes, condition }: InspectedOutput): boolean =>
      (routes.length === 0 || event.routes?.some((route) => routes.includes(route)) === true) &&
      condition?.(event) !== false;
    return this.#outputs.filter(takes).map(({ name }) => name);
  }
}

/** A copy, since the event goes on to the next step. */
function snapshotOf(
  { timestamp, timestampText, message, level, source, fields, routes }: LogEvent,
): Snapshot {
  return {
    timestamp,
    timestampText,
    message,
    level,
    source: source.stream,
    fields: structuredClone(withoutAbsent(fields)),
    routes,
  };
}

function withoutAbsent(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
