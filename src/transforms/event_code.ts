import type { FieldValue, LogEvent } from "../event.ts";
import { generateFunction } from "../lib/generated_function.ts";
import type { EventPath } from "./event_path.ts";
import type { Transform } from "./transform.ts";

/** How a value goes from one place to another. */
export interface TransferOptions {
  /** The first place gives it up. */
  readonly moves: boolean;
  /** Also where the other place has a value already; else nothing happens there. */
  readonly overwrites: boolean;
  /** Copies nested values. */
  readonly copies?: (value: FieldValue) => FieldValue;
}

/**
 * Collects the statements of a transform that always passes the event on, and compiles them to one function: each
 * field then has an access of its own, which V8 turns into a look at a fixed place.
 */
export class EventCode {
  readonly #bindings: Record<string, unknown> = {};
  readonly #statements: string[] = [];
  #count = 0;

  /** Answers the name under which the code sees a value. */
  bind(value: object | FieldValue): string {
    const name = `bound${this.#count++}`;
    this.#bindings[name] = value;
    return name;
  }

  /** Answers an expression for the value at a path. */
  get(path: EventPath): string {
    return path.directName === undefined ? `${this.bind(path)}.get(event)` : fieldOf(path.directName);
  }

  /** Answers an expression that takes the value at a path away. */
  remove(path: EventPath): string {
    return `${this.bind(path)}.remove(event)`;
  }

  /** Answers a statement that sets the value at a path to that of an expression. */
  set(path: EventPath, expression: string): string {
    return path.directName === undefined
      ? `${this.bind(path)}.set(event, ${expression});`
      : `${fieldOf(path.directName)} = ${expression};`;
  }

  /** Adds a statement; `event`, `fields` and the bound names are in scope. Who replaces `event.fields` sets both. */
  add(statement: string): void {
    this.#statements.push(`{ ${statement} }`);
  }

  /** Adds what takes the value at a path away. */
  addRemoval(path: EventPath): void {
    if (path.directName === undefined) return this.add(`${this.remove(path)};`);
    const field = fieldOf(path.directName);
    this.add(`if (${field} !== undefined) ${field} = undefined;`);
  }

  /** Adds what hands the value at one path to another. */
  addTransfer(from: EventPath, to: EventPath, options: TransferOptions): void {
    const free = options.overwrites ? "" : ` && ${this.get(to)} === undefined`;
    const removal = !options.moves
      ? ""
      : from.directName === undefined
      ? `${this.remove(from)};`
      : `${fieldOf(from.directName)} = undefined;`;
    const value = options.copies === undefined
      ? "value"
      : `typeof value === "object" ? ${this.bind(options.copies)}(value) : value`;
    this.add(
      `const value = ${this.get(from)}; if (value !== undefined${free}) { ${removal} ${
        this.set(to, value)
      } }`,
    );
  }

  compile(): Transform {
    const source = `{ apply(event) { let fields = event.fields; ${
      this.#statements.join("\n")
    } return event; } }`;
    return generateFunction<{ apply(event: LogEvent): LogEvent }>(source, this.#bindings);
  }
}

function fieldOf(name: string): string {
  return `fields[${JSON.stringify(name)}]`;
}
