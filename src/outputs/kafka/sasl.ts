import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { KafkaConfig } from "./kafka_config.ts";

const deriveKey = promisify(pbkdf2);

/** Whom to authenticate as, and how. */
export interface Credentials {
  readonly mechanism: KafkaConfig["sasl_mechanism"];
  readonly username: string;
  readonly password: string;
}

/** Sends a message of the mechanism to the broker and answers the broker's. */
export type Exchange = (message: Uint8Array) => Promise<Uint8Array>;

/** Fewer are no protection; more would only keep the agent busy. */
const FEWEST_ITERATIONS = 4096;
const MOST_ITERATIONS = 1_000_000;

/** Authenticates. Throws an Error that says why not, without any credentials. */
export async function authenticate(credentials: Credentials, exchange: Exchange): Promise<void> {
  const { mechanism, username, password } = credentials;
  if (mechanism === "PLAIN") {
    await exchange(Buffer.from(`\0${username}\0${password}`));
    return;
  }
  await scram(mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512", username, password, exchange);
}

/** RFC 5802, without channel binding. */
async function scram(
  hash: "sha256" | "sha512",
  username: string,
  password: string,
  exchange: Exchange,
): Promise<void> {
  const nonce = randomBytes(24).toString("base64");
  const first = `n=${username.normalize("NFKC").replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  const serverFirst = Buffer.from(await exchange(Buffer.from(`n,,${first}`))).toString();
  const { r: serverNonce = "", s: salt = "", i: count = "" } = attributesOf(serverFirst);
  const iterations = Number(count);
  if (!serverNonce.startsWith(nonce) || serverNonce.length === nonce.length || salt === "") {
    throw new Error("the broker's answer is no SCRAM");
  }
  if (!(iterations >= FEWEST_ITERATIONS && iterations <= MOST_ITERATIONS)) {
    throw new Error(
      `the broker wants ${count} iterations; must be from ${FEWEST_ITERATIONS} to ${MOST_ITERATIONS}`,
    );
  }
  const length = hash === "sha256" ? 32 : 64;
  const salted = await deriveKey(
    password.normalize("NFKC"),
    Buffer.from(salt, "base64"),
    iterations,
    length,
    hash,
  );
  const hmac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash(hash).update(clientKey).digest();
  const last = `c=biws,r=${serverNonce}`;
  const signed = `${first},${serverFirst},${last}`;
  const signature = hmac(storedKey, signed);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  const answer = Buffer.from(await exchange(Buffer.from(`${last},p=${proof.toString("base64")}`))).toString();
  const { v: given = "", e: refused } = attributesOf(answer);
  if (refused !== undefined) throw new Error("the broker refused user or password");
  const expected = hmac(hmac(salted, "Server Key"), signed);
  const actual = Buffer.from(given, "base64");
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new Error("the broker does not know the password either, so it is not the one it claims to be");
  }
}

function attributesOf(text: string): Record<string, string | undefined> {
  return Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}
