/** The protocol's errors that an output can meet, by their numbers. */
const NAMES: Readonly<Record<number, string>> = {
  [-1]: "UNKNOWN_SERVER_ERROR",
  2: "CORRUPT_MESSAGE",
  3: "UNKNOWN_TOPIC_OR_PARTITION",
  5: "LEADER_NOT_AVAILABLE",
  6: "NOT_LEADER_OR_FOLLOWER",
  7: "REQUEST_TIMED_OUT",
  8: "BROKER_NOT_AVAILABLE",
  9: "REPLICA_NOT_AVAILABLE",
  10: "MESSAGE_TOO_LARGE",
  13: "NETWORK_EXCEPTION",
  14: "COORDINATOR_LOAD_IN_PROGRESS",
  15: "COORDINATOR_NOT_AVAILABLE",
  16: "NOT_COORDINATOR",
  17: "INVALID_TOPIC_EXCEPTION",
  18: "RECORD_LIST_TOO_LARGE",
  19: "NOT_ENOUGH_REPLICAS",
  20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  21: "INVALID_REQUIRED_ACKS",
  29: "TOPIC_AUTHORIZATION_FAILED",
  31: "CLUSTER_AUTHORIZATION_FAILED",
  32: "INVALID_TIMESTAMP",
  33: "UNSUPPORTED_SASL_MECHANISM",
  34: "ILLEGAL_SASL_STATE",
  35: "UNSUPPORTED_VERSION",
  42: "INVALID_REQUEST",
  43: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  44: "POLICY_VIOLATION",
  45: "OUT_OF_ORDER_SEQUENCE_NUMBER",
  46: "DUPLICATE_SEQUENCE_NUMBER",
  47: "INVALID_PRODUCER_EPOCH",
  49: "INVALID_PRODUCER_ID_MAPPING",
  51: "CONCURRENT_TRANSACTIONS",
  56: "KAFKA_STORAGE_ERROR",
  58: "SASL_AUTHENTICATION_FAILED",
  59: "UNKNOWN_PRODUCER_ID",
  74: "FENCED_LEADER_EPOCH",
  75: "UNKNOWN_LEADER_EPOCH",
  76: "UNSUPPORTED_COMPRESSION_TYPE",
  87: "INVALID_RECORD",
  89: "THROTTLING_QUOTA_EXCEEDED",
  90: "PRODUCER_FENCED",
};

/** What to look at where an error is about the configuration, here or in the cluster. */
const ADVICE: Readonly<Record<number, string>> = {
  17: "look at topic",
  21: "look at required_acks",
  29: "the user may not write to it; look at the cluster's ACLs",
  31: "allow IdempotentWrite in the cluster's ACLs, or write idempotent_writes: false",
  33: "look at sasl_mechanism",
  34: "the broker wants SASL; look at sasl_enabled",
  43: "the topic's format is too old for it; write idempotent_writes: false",
  58: "look at sasl_username and sasl_password",
  76: "look at compression_codec",
};

/** The numbers that the output itself has to know. */
export const UNKNOWN_TOPIC = 3;
export const LEADER_NOT_AVAILABLE = 5;

/** An error of the protocol in words. */
export function errorText(code: number): string {
  const advice = ADVICE[code];
  return `${NAMES[code] ?? `error ${code}`}${advice === undefined ? "" : ` (${advice})`}`;
}

/**
 * What an answer means for the messages that were sent to one partition:
 * - `stored`: the broker has them, maybe from an earlier request.
 * - `split`: they are too many for one batch.
 * - `untimely`: it does not take the times of some.
 * - `refused`: it will never take some.
 * - `sequence`: it does not know what came before, so they need a new producer id.
 * - `moved`: they belong to another broker now.
 * - `uncertain`: they may be stored or not.
 * - `later`: it does not take them now.
 */
export type Verdict =
  | "stored"
  | "split"
  | "untimely"
  | "refused"
  | "sequence"
  | "moved"
  | "uncertain"
  | "later";

const VERDICTS: Readonly<Record<number, Verdict>> = {
  0: "stored",
  46: "stored",
  10: "split",
  18: "split",
  32: "untimely",
  87: "refused",
  45: "sequence",
  47: "sequence",
  49: "sequence",
  59: "sequence",
  90: "sequence",
  3: "moved",
  5: "moved",
  6: "moved",
  9: "moved",
  56: "moved",
  74: "moved",
  75: "moved",
  [-1]: "uncertain",
  7: "uncertain",
  13: "uncertain",
  20: "uncertain",
};

/** What the error number of a partition's answer means. */
export function verdictOf(code: number): Verdict {
  return VERDICTS[code] ?? "later";
}
