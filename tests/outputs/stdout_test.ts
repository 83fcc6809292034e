import assert from "node:assert/strict";
import { OutputClosedError } from "../../src/outputs/output.ts";
import { type StandardOutput, StdoutOutput, stdoutOutput } from "../../src/outputs/stdout.ts";
import { batchOf } from "../contracts/batches.ts";
import { outputContract } from "../contracts/output_contract.ts";

const signal = new AbortController().signal;

/** Takes at most `most` bytes a write; before each write it may throw what the list says. */
class FakeStdout implements StandardOutput {
  readonly chunks: number[] = [];
  syncWrites = 0;

  constructor(readonly most = Infinity, readonly errors: (Error | undefined)[] = []) {}

  get text(): string {
    return new TextDecoder().decode(new Uint8Array(this.chunks));
  }

  writeSync(bytes: Uint8Array): number {
    this.syncWrites++;
    return this.#take(bytes);
  }

  // deno-lint-ignore require-await -- what it throws must reject
  async write(bytes: Uint8Array): Promise<number> {
    return this.#take(bytes);
  }

  #take(bytes: Uint8Array): number {
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    const taken = bytes.subarray(0, Math.min(this.most, bytes.length));
    this.chunks.push(...taken);
    return taken.length;
  }
}

async function open(stdout: FakeStdout, neverWaits = false): Promise<StdoutOutput> {
  const output = new StdoutOutput({ stdout, neverWaits: () => neverWaits });
  await output.open();
  return output;
}

for (const neverWaits of [false, true]) {
  outputContract(`StdoutOutput (${neverWaits ? "file" : "pipe"})`, () => {
    const stdout = new FakeStdout(3);
    const output = new StdoutOutput({ stdout, neverWaits: () => neverWaits });
    return Promise.resolve({ output, received: () => stdout.text, remove: () => Promise.resolve() });
  });
}

Deno.test("StdoutOutput writes synchronously only where no reader can make it wait", async () => {
  for (const neverWaits of [true, false]) {
    const stdout = new FakeStdout();
    const output = await open(stdout, neverWaits);
    await output.send(batchOf(["a\n"]), signal);
    assert.equal(stdout.syncWrites, neverWaits ? 1 : 0);
  }
});

Deno.test("StdoutOutput waits while a non-blocking pipe is full, then goes on", async () => {
  const full = () => new Deno.errors.WouldBlock("full");
  const stdout = new FakeStdout(2, [undefined, full(), full(), undefined, full()]);
  const output = await open(stdout);
  await output.send(batchOf(["abc\n", "def\n"]), signal);
  assert.equal(stdout.text, "abc\ndef\n");
});

Deno.test("StdoutOutput stops waiting for a full pipe when it is told to", async () => {
  const stop = new AbortController();
  const stdout = new FakeStdout(2, Array.from({ length: 1000 }, () => new Deno.errors.WouldBlock("full")));
  const output = await open(stdout);
  const sending = output.send(batchOf(["abc\n"]), stop.signal);
  stop.abort();
  await assert.rejects(sending, /stopped/);
});

Deno.test("StdoutOutput says that the reader has gone", async () => {
  const output = await open(new FakeStdout(2, [undefined, new Deno.errors.BrokenPipe("broken")]));
  await assert.rejects(output.send(batchOf(["abc\n"]), signal), (error: unknown) => {
    assert.ok(error instanceof OutputClosedError);
    assert.match(error.message, /^Cannot write to stdout: the reader has closed the pipe; /);
    return true;
  });
});

Deno.test("StdoutOutput goes on behind what is written when the same batch is sent again", async () => {
  const enospc = () => Object.assign(new Error("os error 28"), { code: "ENOSPC" });
  const stdout = new FakeStdout(3, [undefined, enospc(), enospc(), undefined, undefined, enospc()]);
  const output = await open(stdout, true);
  const batch = batchOf(["abc\n", "def\n", "ghi"]);
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(output.send(batch, signal), /Cannot write to stdout: no space left on device; /);
  }
  await output.send(batch, signal);
  await output.send(batchOf(["next\n"]), signal);
  assert.equal(stdout.text, "abc\ndef\nghi\nnext\n");
});

Deno.test("stdoutOutput needs no permission", () => {
  assert.deepEqual(stdoutOutput.permissions({ encoding: "auto" }), []);
});
