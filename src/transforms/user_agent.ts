import type { ProcessingContext } from "../component.ts";
import type { FieldValue, LogEvent } from "../event.ts";
import { BoundedCache } from "./bounded_cache.ts";
import { compileEventKey } from "../encoding/event_template.ts";
import { compileEventPath, type EventPath } from "./event_path.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Parsing takes tens of microseconds, and a site sees the same browsers again and again. */
const REMEMBERED = 4096;
/** The library reads so many characters; longer headers are remembered by those. */
const LONGEST = 500;

const BOT =
  /(?:^|[\s(;+])([\w.-]*(?:bot|crawler|spider|slurp|facebookexternalhit|mediapartners)[\w.-]*)(?:[/ ]v?(\d[\w.]*))?/i;
const PROGRAM = /^([A-Za-z][\w.+-]*)(?:\/v?(\d[\w.+-]*))?/;

interface Agent {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly osName: string | undefined;
  readonly osVersion: string | undefined;
  readonly deviceType: string | undefined;
  readonly deviceVendor: string | undefined;
  readonly deviceModel: string | undefined;
}

/** Adds browser or program, operating system and device of a User-Agent header. */
export async function createUserAgent(
  config: TransformOwn<"user_agent">,
  context: ProcessingContext,
): Promise<Transform> {
  const { UAParser } = await import("ua-parser-js");
  return new UserAgent(
    compileEventKey(config.field, "field"),
    compileEventPath(config.target, "target", context),
    (text) => agentOf(text, new UAParser(text).getResult()),
  );
}

class UserAgent implements Transform {
  readonly #text: (event: LogEvent) => string | undefined;
  readonly #target: EventPath;
  readonly #parse: (text: string) => Agent;
  readonly #known = new BoundedCache<Agent>(REMEMBERED);

  constructor(
    text: (event: LogEvent) => string | undefined,
    target: EventPath,
    parse: (text: string) => Agent,
  ) {
    this.#text = text;
    this.#target = target;
    this.#parse = parse;
  }

  apply(event: LogEvent): LogEvent {
    const header = this.#text(event);
    if (header === undefined || header === "" || header === "-") return event;
    const text = header.length > LONGEST ? header.slice(0, LONGEST) : header;
    let agent = this.#known.get(text);
    if (agent === undefined) {
      agent = this.#parse(text);
      this.#known.set(text, agent);
    }
    this.#target.set(event, fieldsOf(agent));
    return event;
  }
}

interface Parsed {
  readonly browser: { readonly name?: string | undefined; readonly version?: string | undefined };
  readonly os: { readonly name?: string | undefined; readonly version?: string | undefined };
  readonly device: {
    readonly type?: string | undefined;
    readonly vendor?: string | undefined;
    readonly model?: string | undefined;
  };
}

/** The library knows browsers; bots and programs such as `curl/8.5.0` give their names in their own words. */
function agentOf(text: string, { browser, os, device }: Parsed): Agent {
  const bot = BOT.exec(text);
  const own = bot ?? (browser.name === undefined ? PROGRAM.exec(text) : null);
  const desktop = os.name === undefined || browser.name === undefined ? undefined : "desktop";
  return {
    name: own?.[1] ?? browser.name,
    version: own === null ? browser.version : own[2],
    osName: os.name,
    osVersion: os.version,
    deviceType: bot !== null ? "bot" : device.type ?? desktop,
    deviceVendor: device.vendor,
    deviceModel: device.model,
  };
}

/** New objects for each record, which may change them. */
function fieldsOf(agent: Agent): FieldValue {
  const { name, version, osName, osVersion, deviceType, deviceVendor, deviceModel } = agent;
  const hasDevice = deviceType !== undefined || deviceVendor !== undefined || deviceModel !== undefined;
  return {
    name,
    version,
    os: osName === undefined ? undefined : { name: osName, version: osVersion },
    device: hasDevice ? { type: deviceType, vendor: deviceVendor, model: deviceModel } : undefined,
  };
}
