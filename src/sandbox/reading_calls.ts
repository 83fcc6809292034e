/** Functions of the language that change nothing, by the object on which they stand. */
export const namespaces: Readonly<Record<string, readonly string[]>> = {
  Math: Object.getOwnPropertyNames(Math).filter((name) => /^[a-z]/.test(name)),
  JSON: ["parse", "stringify"],
  Number: ["isInteger", "isSafeInteger", "isFinite", "isNaN", "parseInt", "parseFloat"],
  String: ["fromCharCode", "fromCodePoint"],
  Array: ["isArray", "from", "of"],
  Object: ["keys", "values", "entries", "fromEntries", "hasOwn"],
  Date: ["now", "parse", "UTC"],
};

/** Methods of texts, lists, numbers, dates, patterns, sets and maps that change nothing. */
export const READ_ONLY_METHODS: readonly string[] = [
  ...[
    "includes",
    "indexOf",
    "lastIndexOf",
    "at",
    "slice",
    "concat",
    "join",
    "keys",
    "values",
    "entries",
    "flat",
  ],
  ...[
    "some",
    "every",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "filter",
    "map",
    "flatMap",
    "reduce",
  ],
  ...[
    "reduceRight",
    "toSorted",
    "toReversed",
    "startsWith",
    "endsWith",
    "match",
    "matchAll",
    "search",
    "replace",
  ],
  ...[
    "replaceAll",
    "split",
    "substring",
    "substr",
    "trim",
    "trimStart",
    "trimEnd",
    "toLowerCase",
    "toUpperCase",
  ],
  ...["charAt", "charCodeAt", "codePointAt", "localeCompare", "normalize", "padStart", "padEnd", "repeat"],
  ...["test", "exec", "has", "get", "hasOwnProperty", "toString", "toFixed", "toPrecision", "toISOString"],
  ...["getTime", "getFullYear", "getMonth", "getDate", "getDay", "getHours", "getMinutes", "getSeconds"],
  ...["getMilliseconds", "getTimezoneOffset", "getUTCFullYear", "getUTCMonth", "getUTCDate", "getUTCDay"],
  ...["getUTCHours", "getUTCMinutes", "getUTCSeconds", "getUTCMilliseconds"],
];

/** Whether a call of the method changes nothing. `space`: the global object whose function it is, if it is one's. */
export function isReading(space: string | undefined, method: string): boolean {
  return (space === undefined ? READ_ONLY_METHODS : namespaces[space] ?? []).includes(method);
}
