import { reasonOf } from "../../lib/reason.ts";
import { withoutSecrets } from "../http/headers.ts";
import { retryAfter } from "../http/retry_after.ts";
import { RetryLaterError } from "../output.ts";

/** What does not get better by waiting. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessControlListNotSupported: "leave acl out",
  AccessDenied: "look at what the credentials allow",
  AuthorizationHeaderMalformed: "look at region",
  EntityTooLarge: "lower batch_bytes",
  InvalidAccessKeyId: "look at access_key_id",
  InvalidStorageClass: "look at storage_class",
  NotFound: "create the bucket, or look at bucket",
  NoSuchBucket: "create the bucket, or look at bucket",
  PermanentRedirect: "look at region and endpoint",
  SignatureDoesNotMatch: "look at secret_access_key and region",
};

/** The same for answers that give no reason, such as those to HEAD. */
const UNNAMED: Readonly<Record<number, string>> = {
  301: "look at region and endpoint",
  400: "look at region, endpoint and the credentials",
  403: "look at the credentials, and what they allow",
};

/** A refusal, or an answer that there is no such thing. */
export class S3Error extends Error {
  override readonly name = "S3Error";

  constructor(message: string, readonly status: number, readonly code: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** What is thrown for an error of the SDK. `what`: the request, and where it went; `secrets` are masked. */
export function failureOf(what: string, error: unknown, secrets: readonly string[]): Error {
  const { status, code, headers } = answerIn(error);
  const reason = withoutSecrets(reasonOf(error), secrets).slice(0, 300);
  if (status === undefined) return new Error(`${what} failed: ${reason}`, { cause: error });
  const told = `${what} answered ${status} ${code}`.trimEnd();
  if (status >= 500 || status === 429 || status === 408) {
    const wait = retryAfter(new Headers(headers), Date.now());
    return wait === undefined
      ? new S3Error(told, status, code, { cause: error })
      : new RetryLaterError(told, wait, { cause: error });
  }
  const advice = ADVICE[code] ?? UNNAMED[status];
  const excerpt = reason === code || reason.startsWith("Unknown") ? "" : ` "${reason}"`;
  return new S3Error(`${told}${excerpt}${advice === undefined ? "" : `, ${advice}`}`, status, code, {
    cause: error,
  });
}

/** What the SDK keeps of an answer that it makes an error of. */
function answerIn(error: unknown) {
  const { $metadata, $response, name, Code } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly statusCode?: number; readonly headers?: Record<string, string> };
    readonly name?: string;
    readonly Code?: string;
  };
  const status = $response?.statusCode ?? $metadata?.httpStatusCode;
  // Without a body, names such as "UnknownError" are the SDK's own, and say nothing beside the status.
  const text = Code ?? (/(?:Error|Unknown)$/u.test(name ?? "") ? "" : name ?? "");
  const code = /^[A-Za-z]+$/u.test(text) ? text : "";
  return { status, code, headers: $response?.headers ?? {} };
}
