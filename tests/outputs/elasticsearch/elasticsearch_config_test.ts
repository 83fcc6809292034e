import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { hostsOf } from "../../../src/outputs/elasticsearch/address.ts";
import { elasticsearchOutput } from "../../../src/outputs/elasticsearch/elasticsearch_config.ts";
import { ElasticsearchOutput } from "../../../src/outputs/elasticsearch/elasticsearch_output.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { configOf } from "./support.ts";

const cloud = (text: string): string => `my-deployment:${Buffer.from(text).toString("base64")}`;
const urls = (block: Record<string, unknown>): string[] =>
  hostsOf(configOf(block)).map(({ url }) => url.href);

Deno.test("elasticsearchOutput finds its nodes from addresses, a cloud id, or on this machine", () => {
  assert.deepEqual(urls({}), ["http://localhost:9200/"]);
  assert.deepEqual(urls({ addresses: ["https://a:1", "http://b/es"] }), ["https://a:1/", "http://b/es"]);
  assert.deepEqual(urls({ cloud_id: cloud("eu.aws.example.io$abc123$def456") }), [
    "https://abc123.eu.aws.example.io/",
  ]);
  assert.deepEqual(urls({ cloud_id: cloud("a.b$c"), addresses: ["http://es"] }), ["https://c.a.b/"]);
  assert.deepEqual(urls({ cloud_id: cloud("eu.example.io:9243$abc") }), ["https://abc.eu.example.io:9243/"]);
  assert.deepEqual(urls({ cloud_id: cloud("eu.example.io:9243$abc:9244$x") }), [
    "https://abc.eu.example.io:9244/",
  ]);
});

Deno.test("elasticsearchOutput takes credentials out of an address", () => {
  const [node] = hostsOf(configOf({ addresses: ["https://ann:p%40ss@es:9200/x"] }));
  assert.equal(node?.url.href, "https://es:9200/x");
  assert.equal(node?.authorization, `Basic ${Buffer.from("ann:p@ss").toString("base64")}`);
});

Deno.test("elasticsearchOutput needs its nodes and the files that are configured", () => {
  const needs = (block: Record<string, unknown>) =>
    elasticsearchOutput.permissions(configOf(block)).map((need) =>
      need.name === "net" ? need.host : need.name === "read" ? need.path : need.name
    );
  assert.deepEqual(needs({}), ["localhost:9200"]);
  assert.deepEqual(
    needs({
      addresses: ["https://a", "http://b", "https://[::1]:9200"],
      tls: { ca_file: "/ca", cert_file: "/cert", key_file: "/key" },
      template: { name: "t", file: "/t.json" },
    }),
    ["a:443", "b:80", "[::1]:9200", "/ca", "/cert", "/key", "/t.json"],
  );
});

Deno.test("elasticsearchOutput creates the output of its example", async () => {
  const config = configOf(elasticsearchOutput.example as Record<string, unknown>);
  const output = await elasticsearchOutput.create(config, { name: "es", log: silentLog });
  assert.ok(output instanceof ElasticsearchOutput);
  await output[Symbol.asyncDispose]();
});

Deno.test("elasticsearchOutput refuses what cannot work, and quotes no secret", () => {
  const cases = [
    [{ addresses: [] }, /at least/],
    [{ addresses: ["es:9200"] }, /must begin with http/],
    [{ addresses: ["nothing"] }, /is no URL/],
    [{ addresses: ["http://s3cret:%zz@es"] }, /percent-encoded/],
    [{ addresses: ["http://es?x=s3cret"] }, /must have no query/],
    [{ cloud_id: "s3cret" }, /is no cloud id/],
    [{ cloud_id: cloud("host$evil.com/x") }, /is no cloud id/],
    [{ username: "a:b" }, /no colon/],
    [{ password: "s3cret" }, /password without username/],
    [{ api_key: "s3cret x" }, /printable ASCII/],
    [{ api_key: "s3cret", headers: { authorization: "s3cret" } }, /headers\.Authorization as well/],
    [{ data_stream: true, index_rotation: "daily" }, /a data stream rotates by itself/],
    [{ data_stream: true, timestamp_field: "time" }, /a data stream needs/],
    [{ index: "logs-%Y", index_rotation: "daily" }, /has a time of its own/],
    [{ timestamp_field: "message" }, /holds something else/],
    [{ template: { name: "Ab/c" } }, /short name/],
    [{ template: { name: "a", file: "x", body: {} } }, /file as well as body/],
    [{ tls: { ca_file: "/x" } }, /no address is https/],
    [{ batch_bytes: 0 }, /too small/],
    [{ bulk_workers: 0 }, /at least 1|must be/],
    [{ ids: "none" }, /ids/],
  ] as const;
  for (const [block, pattern] of cases) {
    assert.throws(() => configOf(block), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, pattern);
      assert.ok(!error.message.includes("s3cret"), error.message);
      return true;
    });
  }
});
