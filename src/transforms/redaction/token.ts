import type { Replacement } from "./redactions.ts";

/** What the known kinds of tokens begin with; most texts have none of it. */
const HINT =
  /eyJ|A(?:KIA|SIA|ROA|IDA|GPA|NPA|NVA|BIA|CCA|Iza)|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|[sr]k_(?:live|test)_|whsec_|sk-|npm_|pypi-|SG\.|earer|EARER|asic|ASIC|PRIVATE KEY|:\/\//;

/** Tokens that begin with what tells their kind. Upper bounds keep the work on crafted texts small. */
const PREFIXED = new RegExp(
  `(?<![A-Za-z0-9])(?:${
    [
      // JSON Web Tokens
      "eyJ[\\w-]{8,1000}\\.[\\w-]{8,8000}(?:\\.[\\w-]{0,2000})?",
      // Identifiers of AWS keys
      "A(?:KIA|SIA|ROA|IDA|GPA|NPA|NVA|BIA|CCA)[A-Z0-9]{16}(?![A-Z0-9])",
      // Google
      "AIza[\\w-]{35}",
      // GitHub and GitLab
      "gh[pousr]_[A-Za-z0-9]{36,255}",
      "github_pat_\\w{22,255}",
      "glpat-[\\w-]{20,64}",
      // Slack
      "xox[a-z]-[\\w-]{10,255}",
      "xapp-[\\w-]{10,255}",
      // Stripe
      "[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}",
      "whsec_[A-Za-z0-9+/=]{16,255}",
      // Services of language models
      "sk-[\\w-]{20,255}",
      // npm, PyPI, SendGrid
      "npm_[A-Za-z0-9]{36}",
      "pypi-[\\w-]{16,255}",
      "SG\\.[\\w-]{16,64}\\.[\\w-]{16,64}",
    ].join("|")
  })`,
  "g",
);

/** Credentials of HTTP: real ones have a digit or an inner capital, unlike "Basic authentication". */
const HTTP_CREDENTIALS =
  /\b([Bb]earer|BEARER|[Bb]asic|BASIC)(\s{1,8})(?=[\w.~+/-]{0,200}(?:\d|[a-z][A-Z]|=))[\w.~+/-]{8,8000}={0,2}/g;
const URL_CREDENTIALS = /(:\/\/[^\s:/@]{0,64}:)([^\s/@]{1,256})(?=@)/g;
const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;

/** Hides tokens: JWT, keys of well-known services, credentials of HTTP and in URLs, private keys. */
export function redactTokens(text: string, replacement: Replacement): string {
  if (!HINT.test(text)) return text;
  return text
    .replace(PRIVATE_KEY, (key) => replacement(key))
    .replace(PREFIXED, (token) => replacement(token))
    .replace(
      HTTP_CREDENTIALS,
      (all: string, scheme: string, space: string) =>
        scheme + space + replacement(all.slice(scheme.length + space.length)),
    )
    .replace(URL_CREDENTIALS, (_all, before: string, password: string) => before + replacement(password));
}
