import assert from "node:assert/strict";
import { once } from "node:events";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ALL_SENT } from "../../../src/outputs/output.ts";
import { HttpOutput } from "../../../src/outputs/http/http_output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { HttpDestination } from "../../support/http_destination.ts";
import { until } from "../../support/wait.ts";
import { configOf, Exchange, failure, never } from "./support.ts";

const RECORDS = ["a\n", "b\n"];

Deno.test("HttpClient says what is wrong with the network, and nothing of the URL's query", async () => {
  const gone = HttpDestination.start();
  const port = gone.port;
  await gone[Symbol.asyncDispose]();
  await using rude = HttpDestination.start(() => ({ cut: "before" }));
  const cases = [
    [`http://127.0.0.1:${port}/in?key=secret`, `POST /in to 127.0.0.1:${port} failed: connection refused`],
    [
      rude.url("/in?key=secret"),
      `POST /in to 127.0.0.1:${rude.port} failed: the server closed the connection without an answer`,
    ],
    // Deno connects to no such port, and says so itself.
    ["http://127.0.0.1:6667/in?key=secret", /^POST \/in to 127.0.0.1:6667 failed: fetch failed: /],
  ] as const;
  for (const [endpoint, message] of cases) {
    await using output = new HttpOutput(configOf({ endpoint }), { name: "web", log: new RecordingLog() });
    await output.open();
    const error = await failure(output.send(batchOf(RECORDS), never));
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.doesNotMatch(error.message, /secret/);
  }
});

Deno.test("HttpClient gives up an answer that does not come in time, and closes its connection", async () => {
  await using exchange = await Exchange.open((_, number) => number === 0 ? { hang: true } : {}, {
    timeout: "50ms",
  });
  const batch = batchOf(RECORDS);
  const error = await failure(exchange.output.send(batch, never));
  assert.match(error.message, /^POST \/ingest to 127.0.0.1:\d+ was not answered within 50ms$/);
  await until("the end of the connection", () => exchange.destination.open === 0);
  const patient = new HttpOutput(configOf({ endpoint: exchange.destination.url() }), {
    name: "web",
    log: new RecordingLog(),
  });
  await patient.open();
  assert.deepEqual(await patient.send(batch, never), ALL_SENT);
  await patient[Symbol.asyncDispose]();
  assert.equal(exchange.destination.connections, 2);
});

Deno.test("HttpClient waits for a late answer", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using exchange = await Exchange.open(async () => {
    asked.resolve();
    await answer.promise;
    return {};
  });
  const sending = exchange.output.send(batchOf(RECORDS), never);
  await asked.promise;
  answer.resolve();
  assert.deepEqual(await sending, ALL_SENT);
});

Deno.test("HttpClient ends its request when it is told to stop", async () => {
  const stop = new AbortController();
  await using exchange = await Exchange.open(() => {
    stop.abort();
    return { hang: true };
  });
  const error = await failure(exchange.output.send(batchOf(RECORDS), stop.signal));
  assert.match(error.message, /was stopped$/);
  await until("the end of the connection", () => exchange.destination.open === 0);
  await assert.rejects(exchange.output.send(batchOf(RECORDS), stop.signal));
  assert.equal(exchange.destination.requests.length, 1, "nothing is sent after the stop");
});

Deno.test("HttpClient makes a new connection where the server has closed the old one", async () => {
  await using exchange = await Exchange.open((_, number) => number % 2 === 0 ? { cut: "within" } : {});
  for (let batch = 0; batch < 6; batch++) {
    assert.deepEqual(await exchange.output.send(batchOf(RECORDS), never), ALL_SENT);
  }
  assert.equal(exchange.destination.kept.length, 6);
});

Deno.test("HttpClient names a TLS file that it cannot use when it is opened", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = (name: string, content: string) => {
      Deno.writeTextFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const nonsense = file("nonsense.pem", "nonsense");
    const broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n");
    const key = file("key.pem", "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n");
    const missing = join(directory, "missing.pem");
    const cases = [
      [{ ca_file: missing }, `cannot read tls.ca_file "${missing}": no such file or directory`],
      [{ ca_file: nonsense }, `cannot use tls.ca_file "${nonsense}": it has no certificate in PEM`],
      [
        { cert_file: broken, key_file: nonsense },
        `cannot use tls.key_file "${nonsense}": it has no private key in PEM`,
      ],
      [{ cert_file: broken, key_file: key }, /^cannot use the files of tls: ./],
    ] as const;
    for (const [tls, message] of cases) {
      const config = configOf({ endpoint: "https://127.0.0.1:1/", tls });
      await using output = new HttpOutput(config, { name: "web", log: new RecordingLog() });
      const error = await failure(output.open());
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "HttpClient trusts the configured CA and shows its client certificate",
  ignore: !hasOpenssl(),
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = (name: string) => join(directory, name);
    const read = (name: string) => Deno.readTextFileSync(path(name));
    try {
      await makeCertificates(directory);
      const peers: string[] = [];
      const server = https.createServer(
        { cert: read("server.pem"), key: read("server.key"), ca: read("ca.pem"), requestCert: true },
        (request, response) => {
          const { subject } = (request.socket as unknown as {
            getPeerCertificate(): { subject: { CN: string } };
          }).getPeerCertificate();
          peers.push(subject.CN);
          request.resume().on("end", () => response.end());
        },
      );
      await once(server.listen(0, "127.0.0.1"), "listening");
      const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const send = async (tls: Record<string, string>) => {
        const config = configOf({ endpoint, tls });
        await using output = new HttpOutput(config, { name: "web", log: new RecordingLog() });
        await output.open();
        return await output.send(batchOf(RECORDS), never);
      };
      try {
        const ca = { ca_file: path("ca.pem") };
        const client = { cert_file: path("client.pem"), key_file: path("client.key") };
        assert.deepEqual(await send({ ...ca, ...client }), ALL_SENT);
        assert.match((await failure(send(client))).message, /invalid peer certificate/);
        await assert.rejects(send(ca), /certificate/i);
        assert.deepEqual(peers, ["client"]);
      } finally {
        server.close();
        await once(server, "close");
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

function hasOpenssl(): boolean {
  try {
    return new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/** A CA, and certificates by it for a server on 127.0.0.1 and for a client. */
async function makeCertificates(directory: string): Promise<void> {
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
}
