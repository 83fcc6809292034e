import { BREAK, type Certainty, type LineJoiner, SURE, TENTATIVE, WHOLE } from "./line_joiner.ts";

/**
 * From which states (several are separated by spaces), with which line, to which state. The first rule that applies
 * decides; where none does, the line begins a new record.
 */
export type LineRule = readonly [from: string, line: RegExp, to: string];

/**
 * How the lines of a stack trace follow each other. Three states have a meaning of their own: `start` is before the
 * first line of a record, `text` behind a first line without a rule, and `end` stands for the beginning of the next
 * record. The name of a state in which the last lines are not sure to belong to the record ends with `?`.
 */
export interface LineRules {
  /** Whether a line that begins no trace may be followed by lines of one; else it is a record at once. */
  readonly textGoesOn: boolean;
  readonly rules: readonly LineRule[];
}

interface State {
  readonly patterns: RegExp[];
  readonly targets: number[];
}

/** So many characters of a line tell what it is; some patterns take very long for a megabyte made to that end. */
const LONGEST_LINE = 4096;

/** Joins lines by rules. Throws a RangeError for a rule that can never apply. */
export class RuleJoiner implements LineJoiner {
  readonly certainty: readonly Certainty[];
  readonly #states: readonly State[];

  constructor({ textGoesOn, rules }: LineRules) {
    const names = ["start", "text"];
    for (const [, , to] of rules) if (to !== "end" && !names.includes(to)) names.push(to);
    this.#states = names.map((name) => {
      const own = rules.filter(([from]) => from.split(" ").includes(name));
      return {
        patterns: own.map(([, line]) => line),
        targets: own.map(([, , to]) => to === "end" ? BREAK : names.indexOf(to)),
      };
    });
    for (const [from] of rules) {
      const unknown = from.split(" ").find((name) => !names.includes(name));
      if (unknown !== undefined) throw new RangeError(`No rule leads to the state "${unknown}"`);
    }
    this.certainty = names.map((name) =>
      name === "text" && !textGoesOn ? WHOLE : name.endsWith("?") ? TENTATIVE : SURE
    );
  }

  first(line: string): number {
    const state = this.next(0, line);
    return state === BREAK ? 1 : state;
  }

  next(state: number, line: string): number {
    const rules = this.#states[state];
    if (rules === undefined) return BREAK;
    const { patterns, targets } = rules;
    const text = line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line;
    for (let i = 0; i < patterns.length; i++) {
      if (patterns[i]?.test(text)) return targets[i] ?? BREAK;
    }
    return BREAK;
  }
}
