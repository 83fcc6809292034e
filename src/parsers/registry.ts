import type { ProcessingContext } from "../component.ts";
import type { Parser } from "./parser.ts";
import type { ParserOwn, ParserTypeName } from "./parser_config.ts";

/** Makes a parser of one type. Throws KeyError for what is wrong with the value of a key. */
export type ParserFactory<Type extends ParserTypeName> = (
  config: ParserOwn<Type>,
  context: ProcessingContext,
) => Parser | Promise<Parser>;

/** Names of the fields in which a type looks for what every record has, where the configuration names none. */
export interface KnownFields {
  readonly time: readonly string[];
  readonly level: readonly string[];
  readonly message: readonly string[];
}

/** A type of parser as the processor needs it; the code of a type is loaded when it is configured. */
export interface ParserType<Type extends ParserTypeName> {
  readonly known: KnownFields;
  load(): Promise<ParserFactory<Type>>;
}

const NAMED: KnownFields = {
  time: ["timestamp", "time"],
  level: ["level", "severity"],
  message: ["message", "msg"],
};
const LOGGED: KnownFields = {
  time: ["timestamp", "@timestamp", "time", "ts", "datetime", "date"],
  level: ["level", "severity", "loglevel", "log_level", "lvl"],
  message: ["msg", "message", "text", "log"],
};
/** The parser itself sets what the format says. */
const NONE: KnownFields = { time: [], level: [], message: [] };

/** Every type of parser; `multiline` only joins lines, which the input does. */
export const parserTypes: { readonly [Type in Exclude<ParserTypeName, "multiline">]: ParserType<Type> } = {
  json: { known: LOGGED, load: async () => (await import("./json.ts")).createJsonParser },
  regex: { known: NAMED, load: async () => (await import("./regex.ts")).createRegexParser },
  grok: {
    known: { time: ["timestamp"], level: ["level"], message: ["message"] },
    load: async () => (await import("./grok/grok.ts")).createGrokParser,
  },
  logfmt: { known: LOGGED, load: async () => (await import("./logfmt.ts")).createLogfmtParser },
  csv: { known: NAMED, load: async () => (await import("./csv.ts")).createCsvParser },
  kv: { known: LOGGED, load: async () => (await import("./kv.ts")).createKvParser },
  syslog: { known: NONE, load: async () => (await import("./syslog.ts")).createSyslogParser },
  cri: { known: NONE, load: async () => (await import("./cri.ts")).createCriParser },
  docker: { known: NONE, load: async () => (await import("./docker.ts")).createDockerParser },
  nginx: { known: NONE, load: async () => (await import("./nginx.ts")).createNginxParser },
  apache: { known: NONE, load: async () => (await import("./apache.ts")).createApacheParser },
  auto: { known: LOGGED, load: async () => (await import("./auto.ts")).createAutoParser },
};
