import type { ProcessingContext } from "../component.ts";
import type { Transform } from "./transform.ts";
import type { TransformOwn, TransformTypeName } from "./transform_config.ts";

/** Makes a transform of one type. Throws KeyError for what is wrong with the value of a key. */
export type TransformFactory<Type extends TransformTypeName> = (
  config: TransformOwn<Type>,
  context: ProcessingContext,
) => Transform | Promise<Transform>;

/** A type of transform as the processor needs it; the code of a type is loaded when it is configured. */
export interface TransformType<Type extends TransformTypeName> {
  /** All records of an input must come to the same instance, in order: what it remembers decides. */
  readonly stateful?: true;
  load(): Promise<TransformFactory<Type>>;
}

/** Every type of transform; `drop` and `keep` are nothing but their condition, which the processor asks. */
export const transformTypes: {
  readonly [Type in Exclude<TransformTypeName, "drop" | "keep">]: TransformType<Type>;
} = {
  filter: { load: async () => (await import("./filter.ts")).createFilter },
  add: { load: async () => (await import("./add.ts")).createAdd },
  rename: { load: async () => (await import("./rename.ts")).createRename },
  remove: { load: async () => (await import("./remove.ts")).createRemove },
  copy: { load: async () => (await import("./copy.ts")).createCopy },
  move: { load: async () => (await import("./copy.ts")).createMove },
  nest: { load: async () => (await import("./nest.ts")).createNest },
  flatten: { load: async () => (await import("./flatten.ts")).createFlatten },
  kv: { load: async () => (await import("./kv.ts")).createKv },
  convert: { load: async () => (await import("./convert.ts")).createConvert },
  redact: { load: async () => (await import("./redact.ts")).createRedact },
  truncate: { load: async () => (await import("./truncate.ts")).createTruncate },
  sample: { load: async () => (await import("./sample.ts")).createSample },
  throttle: { stateful: true, load: async () => (await import("./throttle.ts")).createThrottle },
  dedupe: { stateful: true, load: async () => (await import("./dedupe.ts")).createDedupe },
  route: { load: async () => (await import("./route.ts")).createRoute },
  lookup: { load: async () => (await import("./lookup.ts")).createLookup },
  geoip: { load: async () => (await import("./geoip.ts")).createGeoip },
  user_agent: { load: async () => (await import("./user_agent.ts")).createUserAgent },
  script: { load: async () => (await import("./script.ts")).createScript },
};
