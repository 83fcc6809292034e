/**
 * A line that a logger wrote, rather than one of a message of several lines: it begins with a time, a level, a priority
 * or as JSON.
 */
export const LOG_LINE =
  /^(?:\[?\d{1,4}[-/:.]\d|\[?\d{10}|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL)\b|<\d+>|[A-Z][a-z]{2} [ \d]\d \d\d:|[DIWEF], \[|[IWEF]\d{4} |\{")/;

/** Indented or empty. */
export const INDENTED = /^(?:\s|$)/;

/** Empty. */
export const BLANK = /^\s*$/;

/** Any line. */
export const ANY = /^/;
