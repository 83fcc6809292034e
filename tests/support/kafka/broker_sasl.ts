import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** Whom a broker lets in. */
export interface BrokerUser {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
  /** Milliseconds until a session ends. */
  readonly lifetime?: number;
  /** Of SCRAM. */
  readonly iterations?: number;
  /** The broker does not know the password, and claims to. */
  readonly impostor?: boolean;
}

/** The broker's side of one authentication: an answer for each message; undefined: refused. */
export class BrokerSasl {
  isDone = false;
  #clientFirst = "";
  #serverFirst = "";

  constructor(private readonly user: BrokerUser) {}

  answer(message: Buffer): Buffer | undefined {
    const { mechanism, username, password } = this.user;
    if (mechanism === "PLAIN") {
      this.isDone = message.toString() === `\0${username}\0${password}`;
      return this.isDone ? Buffer.alloc(0) : undefined;
    }
    return this.#serverFirst === "" ? this.#first(message.toString()) : this.#last(message.toString());
  }

  #first(text: string): Buffer | undefined {
    const [, bare = ""] = /^n,,(.*)$/u.exec(text) ?? [];
    const [, name = "", nonce = ""] = /^n=([^,]*),r=(.+)$/u.exec(bare) ?? [];
    if (name.replaceAll("=2C", ",").replaceAll("=3D", "=") !== this.user.username) return undefined;
    this.#clientFirst = bare;
    const salt = Buffer.from("salt and pepper").toString("base64");
    this.#serverFirst = `r=${nonce}more,s=${salt},i=${this.user.iterations ?? 4096}`;
    return Buffer.from(this.#serverFirst);
  }

  #last(text: string): Buffer | undefined {
    const hash = this.user.mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
    const [, without = "", proof = ""] = /^(.*),p=(.+)$/u.exec(text) ?? [];
    const hmac = (key: Buffer, data: string) => createHmac(hash, key).update(data).digest();
    const salted = pbkdf2Sync(
      this.user.password,
      "salt and pepper",
      this.user.iterations ?? 4096,
      hash === "sha256" ? 32 : 64,
      hash,
    );
    const signed = `${this.#clientFirst},${this.#serverFirst},${without}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash(hash).update(clientKey).digest(), signed);
    const expected = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
    if (proof !== expected && this.user.impostor !== true) return undefined;
    this.isDone = true;
    const serverKey = hmac(salted, this.user.impostor === true ? "Any Key" : "Server Key");
    return Buffer.from(`v=${hmac(serverKey, signed).toString("base64")}`);
  }
}
