import { type PatternGroup, raw } from "./pattern_group.ts";

/** Paths of files and parts of web addresses. */
export const path: PatternGroup = {
  UNIXPATH: raw`/[\w%!$@:.,+~/\x80-\uffff-]*`,
  WINPATH: raw`(?:[A-Za-z]+:|\\)\\[^?*]*`,
  PATH: raw`(?:%{UNIXPATH}|%{WINPATH})`,
  TTY: raw`/dev/(?:pts|tty)[A-Za-z]*/?[0-9]+`,
  URIPROTO: raw`[A-Za-z][A-Za-z0-9+.-]+`,
  URIHOST: raw`%{IPORHOST}(?::%{POSINT:port|})?`,
  URIPATH: raw`/[A-Za-z0-9$.+!*'(){},~:;=@#%&_/-]*`,
  URIQUERY: raw`[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*`,
  URIPARAM: raw`\?%{URIQUERY}`,
  URIPATHPARAM: raw`%{URIPATH}(?:\?%{URIQUERY})?`,
  URI: raw`%{URIPROTO}://(?:%{USER}(?::[^@/\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?`,
};
