import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { compileCondition, type Condition } from "../sandbox/condition.ts";
import type { Transform } from "./transform.ts";
import type { TransformOwn } from "./transform_config.ts";

/** Route of the records that no other route takes. */
const UNMATCHED = "_unmatched";

/** A list of routes, and where it leads when one more condition holds, by the position of the condition. */
interface Combination {
  readonly routes: readonly string[];
  readonly longer: (Combination | undefined)[];
}

/** Lists that the route transforms before this one may have given are few; more would mean a leak. */
const MAX_BEGINNINGS = 1000;

/**
 * Gives events the names of the routes whose conditions hold, behind those that they have already. Records with the
 * same routes share one list.
 */
export async function createRoute(
  { routes }: TransformOwn<"route">,
  { warn }: ProcessingContext,
): Promise<Transform> {
  const names = Object.keys(routes);
  if (names.length === 0) throw new KeyError("routes", "names no route; write name: condition");
  const conditions: Condition[] = [];
  for (const name of names) {
    const key = `routes.${name}`;
    if (name === UNMATCHED) {
      throw new KeyError(key, "is the route of records that no condition takes; it has none itself");
    }
    conditions.push(await compileCondition(routes[name] ?? "", { key, warn }));
  }
  return new Route(names, conditions);
}

class Route implements Transform {
  readonly #names: readonly string[];
  readonly #conditions: readonly Condition[];
  readonly #beginnings = new Map<readonly string[] | undefined, Combination>();
  #lastBefore: readonly string[] | undefined;
  #lastBeginning: Combination;

  constructor(names: readonly string[], conditions: readonly Condition[]) {
    this.#names = names;
    this.#conditions = conditions;
    this.#lastBeginning = this.#beginningOf(undefined);
  }

  apply(event: LogEvent): LogEvent {
    const before = event.routes;
    if (before !== this.#lastBefore) {
      this.#lastBeginning = this.#beginnings.get(before) ?? this.#beginningOf(before);
      this.#lastBefore = before;
    }
    const conditions = this.#conditions;
    let combination = this.#lastBeginning;
    for (let index = 0; index < conditions.length; index++) {
      const condition = conditions[index];
      if (condition !== undefined && condition(event)) {
        combination = combination.longer[index] ?? this.#extend(combination, index);
      }
    }
    event.routes = combination.routes;
    return event;
  }

  #beginningOf(before: readonly string[] | undefined): Combination {
    const routes = before === undefined || before.length === 0 ? [UNMATCHED] : before;
    const beginning = this.#combination(routes);
    if (this.#beginnings.size >= MAX_BEGINNINGS) this.#beginnings.clear();
    this.#beginnings.set(before, beginning);
    return beginning;
  }

  #extend(shorter: Combination, index: number): Combination {
    const name = this.#names[index] ?? UNMATCHED;
    const matched = shorter.routes.filter((route) => route !== UNMATCHED);
    const longer = matched.includes(name) ? shorter : this.#combination([...matched, name]);
    shorter.longer[index] = longer;
    return longer;
  }

  #combination(routes: readonly string[]): Combination {
    return { routes, longer: this.#names.map(() => undefined) };
  }
}
