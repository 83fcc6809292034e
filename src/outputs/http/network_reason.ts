import { reasonOf } from "../../lib/reason.ts";

/** What to do about reasons that are told in the words of a library. */
const REMEDIES: readonly [RegExp, string][] = [
  [
    /certificate: UnknownIssuer|unable to verify the first|unable to get (?:local )?issuer/u,
    "name its CA in tls.ca_file",
  ],
  [
    /CaUsedAsEndEntity|self-signed certificate/u,
    "self-signed ones are taken if made with basicConstraints=CA:FALSE and named in tls.ca_file",
  ],
  [/corrupt message of type InvalidContentType/u, "it seems to speak no TLS"],
  [/invalid HTTP version parsed/u, "it seems to speak something else than HTTP, perhaps TLS"],
];

/** A reason with what to do about it, where that is known. */
export function withRemedy(reason: string): string {
  const remedy = REMEDIES.find(([pattern]) => pattern.test(reason))?.[1];
  return remedy === undefined ? reason : `${reason} (${remedy})`;
}

/**
 * Why `fetch` failed, in a few words. Its own texts repeat the whole URL, whose query may be a secret, so only what
 * stands behind that is told.
 */
export function networkReason(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause instanceof Error) last = last.cause;
  const text = reasonOf(last);
  const [, told] = /client error \(\w+\): (.+)$/u.exec(text) ?? [];
  if (told === undefined) {
    return text.startsWith("error sending request") ? "the connection failed" : withRemedy(lowerFirst(text));
  }
  if (told.startsWith("connection closed before")) {
    return "the server closed the connection without an answer";
  }
  return withRemedy(lowerFirst(told.replace(/^tcp connect error: /u, "").replace(/ \(os error \d+\)/u, "")));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
