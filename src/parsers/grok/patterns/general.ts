import { type PatternGroup, raw } from "./pattern_group.ts";

/** Words, numbers, quoted texts and levels. */
export const general: PatternGroup = {
  USERNAME: raw`[a-zA-Z0-9._-]+`,
  USER: raw`%{USERNAME}`,
  EMAILLOCALPART: "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]+",
  EMAILADDRESS: raw`%{EMAILLOCALPART}@%{HOSTNAME}`,
  INT: raw`[+-]?[0-9]+`,
  BASE10NUM: raw`(?<![0-9.+-])[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)`,
  NUMBER: raw`%{BASE10NUM}`,
  BASE16NUM: raw`(?<![0-9A-Fa-f])[+-]?(?:0x)?[0-9A-Fa-f]+`,
  BASE16FLOAT: raw`(?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b`,
  POSINT: raw`\b[1-9][0-9]*\b`,
  NONNEGINT: raw`\b[0-9]+\b`,
  WORD: raw`\b\w+\b`,
  NOTSPACE: raw`\S+`,
  SPACE: raw`\s*`,
  DATA: raw`.*?`,
  GREEDYDATA: raw`.*`,
  // Unrolled: the plain characters first, then an escape and plain characters again.
  QUOTEDSTRING: raw`(?<!\\)(?:"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|` +
    "`[^`\\\\]*(?:\\\\.[^`\\\\]*)*`)",
  QS: raw`%{QUOTEDSTRING}`,
  UUID: raw`[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}`,
  URN: raw`urn:[0-9A-Za-z][0-9A-Za-z-]*:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+`,
  LOGLEVEL:
    raw`(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO(?:RMATION)?|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|[Ee]merg(?:ency)?|EMERG(?:ENCY)?)`,
};
