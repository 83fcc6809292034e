import type { Level, LogEvent } from "../../event.ts";
import { UNUSUAL } from "./extraction.ts";
import type { StepTests } from "./step_tests.ts";

/** A change of the members of the object that a line holds. */
export type SpliceStep =
  | { readonly kind: "remove"; readonly names: readonly string[] }
  /** All other members go. */
  | { readonly kind: "keep"; readonly names: readonly string[] }
  /** Takes the place of a member `to`; does nothing where there is no member `from`. */
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  /** `json` is the value as JSON text. */
  | { readonly kind: "add"; readonly name: string; readonly json: string; readonly overwrite: boolean }
  /** Nothing becomes of the line; `transform` says so. */
  | { readonly kind: "drop"; readonly transform: number }
  /** Steps that are done where the condition holds, or, `negated`, where it does not. None of them is `keep`. */
  | {
    readonly kind: "if";
    readonly condition: SpliceCondition;
    readonly negated: boolean;
    readonly steps: readonly SpliceStep[];
  };

/** A condition on an event of which little is known. */
export interface SpliceCondition {
  /** Names of the fields that it reads. */
  readonly fields: readonly string[];
  readonly readsMessage: boolean;
  /** The event has a source without input, its level, these fields, and the message if that is read. */
  holds(event: LogEvent): boolean;
}

/** What becomes of the members of a line: the first that fits of each list of names, then the steps in order. */
export interface JsonSplicePlan {
  readonly timeFields: readonly string[];
  readonly levelFields: readonly string[];
  readonly messageFields: readonly string[];
  readonly steps: readonly SpliceStep[];
  /** The milliseconds since 1970 that a member's value stands for, or NaN if it is no time. */
  parseTime(value: string | number): number;
  /** RFC 3339 in UTC, as it is to stand in the event: ASCII. */
  formatTime(milliseconds: number): string;
  /** The level that a word of any case stands for. */
  parseLevel(word: string): Level | undefined;
}

/** What an operation of `CompiledSteps.operations` does; two numbers follow it. */
const OPERATION = { remove: 0, keep: 1, rename: 2, add: 3, addMissing: 4, drop: 5, skip: 6 } as const;
const OPERATION_SIZE = 3;

/** A value that the plan itself brings. */
export interface Constant {
  /** The slot that it is added to. */
  readonly slot: number;
  /** The value as JSON text. */
  readonly json: string;
}

/**
 * The steps over slots, one for each name of the plan. A slot holds 0 (nothing), n + 1 (the member that the line has for
 * slot n), or -n - 1 (constant n).
 */
export interface CompiledSteps {
  /**
   * `remove slot 0`, `keep set 0`, `rename from to`, `add slot constant`, `addMissing slot constant`, `drop transform 0`,
   * and `skip condition count`: so many numbers where the condition holds, or, less than zero, where it does not.
   */
  readonly operations: Int32Array;
  /** By set: 1 for each slot that stays; slots behind its end go. */
  readonly keptSlots: readonly Uint8Array[];
  readonly constants: readonly Constant[];
  /** With the slots of the fields that they read. */
  readonly conditions: readonly { readonly condition: SpliceCondition; readonly slots: readonly number[] }[];
  /** The slots that a step puts something in, each one once. */
  readonly targets: Int32Array;
  /** Whether members that no slot stands for stay. */
  readonly keepsOthers: boolean;
}

/** Translates steps; `slotOf` answers the slot of a name, a new one if it has none. */
export function compileSteps(steps: readonly SpliceStep[], slotOf: (name: string) => number): CompiledSteps {
  const operations: number[] = [];
  const keptSlots: Uint8Array[] = [];
  const constants: Constant[] = [];
  const conditions: CompiledSteps["conditions"][number][] = [];
  const targets = new Set<number>();
  const compile = (step: SpliceStep): void => {
    switch (step.kind) {
      case "remove":
        for (const name of step.names) operations.push(OPERATION.remove, slotOf(name), 0);
        break;
      case "keep":
        operations.push(OPERATION.keep, keptSlots.length, 0);
        keptSlots.push(slotSet(step.names.map(slotOf)));
        break;
      case "rename":
        if (step.from === step.to) break;
        operations.push(OPERATION.rename, slotOf(step.from), slotOf(step.to));
        targets.add(slotOf(step.to));
        break;
      case "add": {
        const slot = slotOf(step.name);
        operations.push(step.overwrite ? OPERATION.add : OPERATION.addMissing, slot, constants.length);
        constants.push({ slot, json: step.json });
        targets.add(slot);
        break;
      }
      case "drop":
        operations.push(OPERATION.drop, step.transform, 0);
        break;
      case "if": {
        const { condition, negated } = step;
        const slots = condition.fields.map(slotOf);
        const start = operations.push(OPERATION.skip, conditions.push({ condition, slots }) - 1, 0);
        step.steps.forEach(compile);
        const count = operations.length - start;
        operations[start - 1] = negated ? count : -count;
        break;
      }
    }
  };
  steps.forEach(compile);
  return {
    operations: Int32Array.from(operations),
    keptSlots,
    constants,
    conditions,
    targets: Int32Array.from(targets),
    keepsOthers: keptSlots.length === 0,
  };
}

function slotSet(slots: readonly number[]): Uint8Array {
  const set = new Uint8Array(slots.reduce((length, slot) => Math.max(length, slot + 1), 0));
  for (const slot of slots) set[slot] = 1;
  return set;
}

/** What `runSteps` answers when all steps were done. */
export const DONE = -1;

/** Does the steps on the slots of one line: DONE, the transform that drops the line, or UNUSUAL. */
export function runSteps(steps: CompiledSteps, state: Int32Array, tests: StepTests): number {
  const operations = steps.operations;
  for (let index = 0; index < operations.length; index += OPERATION_SIZE) {
    const first = operations[index + 1] as number;
    const second = operations[index + 2] as number;
    switch (operations[index]) {
      case OPERATION.remove:
        state[first] = 0;
        break;
      case OPERATION.keep: {
        const kept = steps.keptSlots[first] as Uint8Array;
        for (let slot = 0; slot < state.length; slot++) {
          if (slot >= kept.length || kept[slot] === 0) state[slot] = 0;
        }
        break;
      }
      case OPERATION.rename:
        if (state[first] !== 0) {
          state[second] = state[first] as number;
          state[first] = 0;
        }
        break;
      case OPERATION.add:
        state[first] = -second - 1;
        break;
      case OPERATION.addMissing:
        if (state[first] === 0) state[first] = -second - 1;
        break;
      case OPERATION.drop:
        return first;
      case OPERATION.skip: {
        const held = tests.test(first);
        if (held === UNUSUAL) return UNUSUAL;
        if ((held === 1) === (second > 0)) index += Math.abs(second);
        break;
      }
    }
  }
  return DONE;
}
