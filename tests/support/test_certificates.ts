import assert from "node:assert/strict";
import { join } from "node:path";

/** Whether certificates can be made on this machine. */
export function hasOpenssl(): boolean {
  try {
    return new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/** A CA, and certificates by it for a server on 127.0.0.1 and for a client, in a directory of their own. */
export class TestCertificates implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  static async make(): Promise<TestCertificates> {
    const directory = await Deno.makeTempDir({ prefix: "logaggregator-certificates-" });
    const openssl = async (args: string) => {
      const { success, stderr } = await new Deno.Command("openssl", { args: args.split(" "), cwd: directory })
        .output();
      assert.ok(success, new TextDecoder().decode(stderr));
    };
    const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    await openssl(`req -x509 ${key} -keyout ca.key -out ca.pem -subj /CN=ca -days 2`);
    Deno.writeTextFileSync(
      join(directory, "extensions"),
      "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    );
    for (const name of ["server", "client"]) {
      await openssl(`req ${key} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
      await openssl(
        `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -days 2 -extfile extensions`,
      );
    }
    return new TestCertificates(directory);
  }

  /** The path of `ca.pem`, `server.pem`, `server.key`, `client.pem` or `client.key`. */
  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return Deno.readTextFileSync(this.path(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}
