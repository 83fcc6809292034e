import assert from "node:assert/strict";
import { ALL_SENT } from "../../../src/outputs/output.ts";
import { hasOpenssl, TestCertificates } from "../../support/test_certificates.ts";
import type { BrokerUser } from "../../support/kafka/broker_sasl.ts";
import { type Block, events, Exchange, failure } from "./support.ts";

const TWO = events(2);
const PASSWORD = "hunter2 =,ü";

function credentials(mechanism: string, password = PASSWORD, username = "an=n,ie"): Block {
  return { sasl_enabled: true, sasl_mechanism: mechanism, sasl_username: username, sasl_password: password };
}

for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
  const user: BrokerUser = { mechanism, username: "an=n,ie", password: PASSWORD };

  Deno.test(`KafkaOutput authenticates by ${mechanism}`, async () => {
    await using exchange = await Exchange.open({ user }, credentials(mechanism));
    assert.deepEqual(await exchange.send(exchange.batch(TWO)), ALL_SENT);
    assert.equal(exchange.log.of("warn").length, mechanism === "PLAIN" ? 1 : 0);
  });

  Deno.test(`KafkaOutput says that ${mechanism} was refused, without credentials`, async () => {
    for (const wrong of [credentials(mechanism, "wrong secret"), credentials(mechanism, PASSWORD, "bob")]) {
      await using exchange = await Exchange.open({ user }, wrong);
      const { message, cause } = await failure(exchange.send(exchange.batch(TWO)));
      assert.match(
        message,
        /^broker 127\.0\.0\.1:\d+: SASL_AUTHENTICATION_FAILED \(look at sasl_username and sasl/,
      );
      assert.doesNotMatch(`${message} ${cause} ${exchange.log.lines}`, /wrong secret|hunter2|bob/);
    }
  });
}

Deno.test("KafkaOutput says which mechanisms the broker takes", async () => {
  const user: BrokerUser = { mechanism: "SCRAM-SHA-512", username: "a", password: "b" };
  await using exchange = await Exchange.open({ user }, credentials("PLAIN"));
  assert.match(
    (await failure(exchange.send(exchange.batch(TWO)))).message,
    /: it does not take PLAIN, only SCRAM-SHA-512$/,
  );
  await using open = await Exchange.open({}, credentials("PLAIN"));
  assert.match(
    (await failure(open.send(open.batch(TWO)))).message,
    /: it does not take PLAIN, only no SASL$/,
  );
});

Deno.test("KafkaOutput says what to look at where a broker hangs up on who has not logged in", async () => {
  const user: BrokerUser = { mechanism: "SCRAM-SHA-512", username: "a", password: "b" };
  await using exchange = await Exchange.open({ user }, {});
  assert.match(
    (await failure(exchange.send(exchange.batch(TWO)))).message,
    /: it closed the connection \(if it wants a login: look at sasl_enabled\)$/,
  );
});

Deno.test("KafkaOutput trusts no broker that does not know the password, and computes no more than is usual", async () => {
  const user: BrokerUser = { mechanism: "SCRAM-SHA-256", username: "an=n,ie", password: PASSWORD };
  await using impostor = await Exchange.open(
    { user: { ...user, impostor: true } },
    credentials("SCRAM-SHA-256"),
  );
  assert.match(
    (await failure(impostor.send(impostor.batch(TWO)))).message,
    /does not know the password either/,
  );
  for (const iterations of [1, 2_000_000]) {
    await using odd = await Exchange.open({ user: { ...user, iterations } }, credentials("SCRAM-SHA-256"));
    assert.match(
      (await failure(odd.send(odd.batch(TWO)))).message,
      /wants \d+ iterations; must be from 4096 to 1000000/,
    );
  }
});

Deno.test("KafkaOutput begins a new session before the broker ends the old one", async () => {
  const user: BrokerUser = { mechanism: "PLAIN", username: "an=n,ie", password: PASSWORD, lifetime: 1 };
  await using exchange = await Exchange.open({ user }, credentials("PLAIN"));
  for (let number = 0; number < 3; number++) {
    assert.deepEqual(await exchange.send(exchange.batch(TWO)), ALL_SENT);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.ok(exchange.server.connections >= 3);
  assert.deepEqual(exchange.values(), ["m0", "m1", "m0", "m1", "m0", "m1"]);
});

Deno.test("KafkaOutput says what a server is that is no Kafka", async () => {
  await using exchange = await Exchange.open();
  for (
    const [garbage, pattern] of [
      [new Uint8Array([0]), /the answer is shorter than it says/],
      [new Uint8Array([0, 35]), /the answer is shorter than it says/],
    ] as const
  ) {
    exchange.server.garbage = garbage;
    assert.match((await failure(exchange.send(exchange.batch(TWO)))).message, pattern);
  }
  const answers: [string, RegExp][] = [
    ["HTTP/1.1 400 Bad Request\r\n\r\n", /: it does not speak Kafka's protocol$/],
    ["\x15\x03\x03\0\x02\x02\x46", /: it speaks TLS; write enable_tls: true$/],
    ["\0\0\0\x04\0\0\0\x63", /: its answer belongs to another request$/],
    ["", /: it closed the connection$/],
  ];
  for (const [answer, pattern] of answers) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(1000));
      await connection.write(new TextEncoder().encode(answer));
    })();
    await using other = await Exchange.open({}, { brokers: [`127.0.0.1:${listener.addr.port}`] });
    assert.match((await failure(other.send(other.batch(TWO)))).message, pattern);
    await serving;
    listener.close();
  }
});

Deno.test({
  name: "KafkaOutput connects with TLS, and trusts ca_file only",
  ignore: !hasOpenssl(),
  fn: async () => {
    await using certificates = await TestCertificates.make();
    const tls = { cert: certificates.read("server.pem"), key: certificates.read("server.key") };
    const files = { ca_file: certificates.path("ca.pem") };
    const block = { enable_tls: true, tls: files, ...credentials("PLAIN") };
    const user: BrokerUser = { mechanism: "PLAIN", username: "an=n,ie", password: PASSWORD };
    await using exchange = await Exchange.open({ tls, user }, block);
    assert.deepEqual(await exchange.send(exchange.batch(TWO)), ALL_SENT);
    assert.deepEqual(exchange.log.of("warn"), []);

    await using untrusted = await Exchange.open({ tls }, { enable_tls: true });
    assert.match(
      (await failure(untrusted.send(untrusted.batch(TWO)))).message,
      /cannot connect to broker .*: .*cert/iu,
    );
    await using plain = await Exchange.open({ tls });
    assert.match(
      (await failure(plain.send(plain.batch(TWO)))).message,
      /it speaks TLS|it closed the connection/u,
    );
    await using reverse = await Exchange.open({}, { enable_tls: true, timeout: "500ms" });
    assert.match((await failure(reverse.send(reverse.batch(TWO)))).message, /cannot connect to broker/u);

    const client = {
      ...files,
      cert_file: certificates.path("client.pem"),
      key_file: certificates.path("client.key"),
    };
    await using both = await Exchange.open({ tls }, { enable_tls: true, tls: client });
    assert.deepEqual(await both.send(both.batch(TWO)), ALL_SENT);
    const missing = { ...client, key_file: certificates.path("none.key") };
    assert.match(
      (await failure(Exchange.open({ tls }, { enable_tls: true, tls: missing }))).message,
      /cannot read tls\.key_file/,
    );
  },
});
