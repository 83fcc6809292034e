import assert from "node:assert/strict";
import { ALL_SENT, type Output } from "../../src/outputs/output.ts";
import { batchOf, sourceOf } from "./batches.ts";

/** An output with its destination. */
export interface OutputUnderTest {
  readonly output: Output;
  /** All that arrived, as text. */
  received(): string | Promise<string>;
  /** Removes the destination. */
  remove(): Promise<void>;
}

/** What every output that writes lines promises. */
export function outputContract(name: string, create: () => Promise<OutputUnderTest>): void {
  const signal = new AbortController().signal;
  const source = sourceOf("/var/log/app.log", { file: "app.log" });

  function check(promise: string, body: (under: OutputUnderTest) => Promise<void>): void {
    Deno.test(`${name} ${promise}`, async () => {
      const under = await create();
      try {
        await body(under);
      } finally {
        await under.output[Symbol.asyncDispose]();
        await under.remove();
      }
    });
  }

  check("delivers records in the order they were sent", async ({ output, received }) => {
    await output.open(signal);
    const partition = output.partitionOf(source, 0);
    for (let number = 0; number < 5; number++) {
      const result = await output.send(batchOf([`${number} a\n`, `${number} b\n`], partition), signal);
      assert.deepEqual(result, ALL_SENT);
    }
    assert.equal(await received(), Array.from({ length: 5 }, (_, n) => `${n} a\n${n} b\n`).join(""));
  });

  check("passes bytes through that are no text", async ({ output, received }) => {
    await output.open(signal);
    const bytes = new Uint8Array([0, 255, 13, 10]);
    await output.send(
      { bytes, ends: new Uint32Array([4]), partition: output.partitionOf(source, 0) },
      signal,
    );
    assert.equal(await received(), "\0\ufffd\r\n");
  });

  check("takes an empty batch", async ({ output, received }) => {
    await output.open(signal);
    assert.deepEqual(await output.send(batchOf([], output.partitionOf(source, 0)), signal), ALL_SENT);
    assert.equal(await received(), "");
  });

  check("keeps a last record without line feed apart from the next one", async ({ output, received }) => {
    await output.open(signal);
    const partition = output.partitionOf(source, 0);
    await output.send(batchOf(["whole\n", "partial"], partition), signal);
    await output.send(batchOf(["next\n"], partition), signal);
    assert.equal(await received(), "whole\npartial\nnext\n");
  });

  check("can be opened again", async ({ output, received }) => {
    await output.open(signal);
    await output.open(signal);
    await output.send(batchOf(["a\n"], output.partitionOf(source, 0)), signal);
    assert.equal(await received(), "a\n");
  });

  check("gives one source one partition at one time", ({ output }) => {
    for (const stream of ["/a/b.log", "", "..", "a\0b", "x".repeat(5000)]) {
      const odd = sourceOf(stream);
      assert.equal(output.partitionOf(odd, 1234), output.partitionOf(odd, 1234));
    }
    return Promise.resolve();
  });

  check("can be disposed without having been opened", () => Promise.resolve());

  check("can be disposed twice", async ({ output }) => {
    await output.open(signal);
    await output[Symbol.asyncDispose]();
  });
}
