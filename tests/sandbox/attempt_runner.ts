import { newEvent } from "../../src/event.ts";
import { compileCondition } from "../../src/sandbox/condition.ts";
import { hardenRealm } from "../../src/sandbox/harden.ts";
import { originals } from "../../src/sandbox/realm.ts";
import { reachableFrom, realmRoots } from "../../src/sandbox/realm_graph.ts";
import { compileScript } from "../../src/sandbox/script.ts";
import type { Attempt } from "./attempts.ts";

/** What came of an attempt. */
export interface Verdict {
  readonly name: string;
  /** Message of the error that the code was refused with. */
  readonly refused?: string;
  /** What is wrong: empty if the sandbox held. */
  readonly leaks: readonly string[];
}

const source = { input: "in", stream: "/var/log/a.log", labels: {} };
const VICTIM = `
  const list = [3, 1, 2].map((x) => x + 1).toSorted();
  event.fields.list = list;
  event.fields.text = [...new Map([["a", 1]])].join("|") + " x ".trim() + "aXb".replace(/x/i, "-") + /b+/.exec("abb")[0];
  event.fields.more = Object.keys({ b: 1 })[0] + JSON.stringify({ c: [1] }) + String({}) + Math.max(1, 2) + (1).toFixed(1);
  event.fields.left = event.fields.polluted ?? ({}).polluted ?? "clean";
  for (const x of "ab") event.fields[x] = x;
  function* g() { yield 1; yield 2; }
  event.fields.sum = [...g()].reduce((a, b) => a + b, 0);
  try { null.x } catch (e) { event.fields.error = e.name + (e instanceof TypeError) }
`;

/** Runs every attempt three times in this realm, which is hardened first, with a look at everything in between. */
export async function runAttempts(attempts: readonly Attempt[]): Promise<Verdict[]> {
  // Loads the parser before the globals are gone.
  await compileCondition("true", { key: "if", warn: () => {} });
  hardenRealm();
  const victim = await compileScript(VICTIM, { key: "code", warn: () => {} });
  const runVictim = () => JSON.stringify(victim(sampleEvent())?.fields);
  const expected = runVictim();
  const before = fingerprint();
  const verdicts: Verdict[] = [];
  for (const attempt of attempts) {
    const leaks: string[] = [];
    let refused: string | undefined;
    try {
      const run = await compile(attempt);
      for (let round = 0; round < 3; round++) leaks.push(...leaksOf(run()));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "KeyError") throw error;
      refused = error.message;
    }
    if (runVictim() !== expected) leaks.push(`another script gives ${runVictim()}`);
    // A look at some ten thousand properties.
    if ((verdicts.length % 16 === 0 || attempt === attempts.at(-1)) && !sameFingerprint(before)) {
      leaks.push("an object of the language is changed, by this or one of the sixteen before");
    }
    verdicts.push({ name: attempt.name, ...(refused === undefined ? {} : { refused }), leaks });
  }
  return verdicts;
}

function sampleEvent() {
  const event = newEvent(source);
  event.message = "hello";
  event.level = "error";
  event.fields = { list: [1, 2], text: "t", number: 1 };
  return event;
}

async function compile({ code, isCondition }: Attempt) {
  const options = { key: "code", warn: () => {} };
  if (isCondition) {
    const condition = await compileCondition(code, options);
    return () => {
      const event = sampleEvent();
      condition(event);
      if (JSON.stringify(event.fields) !== JSON.stringify(sampleEvent().fields)) {
        event.fields["escaped"] = "changed";
      }
      return event;
    };
  }
  const script = await compileScript(code, options);
  return () => {
    const event = sampleEvent();
    script(event);
    return event;
  };
}

/** What is in the event that is no plain data, and what the attempt says that it got. */
function leaksOf(event: ReturnType<typeof sampleEvent>): string[] {
  const leaks: string[] = [];
  const escaped = event.fields["escaped"];
  if (escaped !== undefined && escaped !== "" && escaped !== "undefined") {
    leaks.push(`got ${JSON.stringify(escaped)}`);
  }
  if (typeof event.timestamp !== "number" || typeof event.message !== "string") leaks.push("odd parts");
  const look = (value: unknown, depth: number) => {
    if (depth > 1000) return leaks.push("a circle");
    if (typeof value === "function" || typeof value === "symbol") return leaks.push("a function or symbol");
    if (typeof value !== "object" || value === null) return;
    const prototype: unknown = originals.getPrototypeOf(value);
    if (![null, Object.prototype, Array.prototype].includes(prototype as null)) {
      leaks.push("an odd prototype");
    }
    if (!Object.isExtensible(value)) leaks.push("a fixed object");
    for (const key of Reflect.ownKeys(value)) {
      const property = originals.getOwnPropertyDescriptor(value, key);
      if (property === undefined || !("value" in property)) return leaks.push(`a getter at ${String(key)}`);
      if (Array.isArray(value) && key === "length") continue;
      if (!property.enumerable || !property.writable || typeof key === "symbol") {
        leaks.push(`a hidden ${String(key)}`);
      }
      look(property.value, depth + 1);
    }
  };
  look(event.fields, 0);
  const texts = [event.message, leaks.length === 0 ? JSON.stringify(event.fields) : ""];
  if (texts.some((text) => text.includes('polluted"') || text === "polluted")) {
    leaks.push(`data says ${texts.join(" ")}`);
  }
  return leaks;
}

type Fingerprint = Map<object, unknown[]>;

/** Every property of every object of the language, and of the global object. */
function fingerprint(): Fingerprint {
  const prints: Fingerprint = new Map();
  for (const object of [...reachableFrom(realmRoots()), globalThis]) prints.set(object, printOf(object));
  return prints;
}

function printOf(object: object): unknown[] {
  return [
    originals.getPrototypeOf(object),
    ...Reflect.ownKeys(object).flatMap((key) => {
      const { value, get, set, writable } = originals.getOwnPropertyDescriptor(object, key) ?? {};
      return [key, value, get, set, writable];
    }),
  ];
}

function sameFingerprint(before: Fingerprint): boolean {
  for (const [object, print] of before) {
    const now = printOf(object);
    if (now.length !== print.length || now.some((value, index) => !Object.is(value, print[index]))) {
      return false;
    }
  }
  return true;
}
