import assert from "node:assert/strict";
import { watchConfigFile } from "../../src/config/watch.ts";

interface Watched {
  readonly directory: string;
  readonly file: string;
  /** What the file held at each call. */
  readonly seen: string[];
  /** Resolves once there were as many calls. */
  calls(count: number): Promise<void>;
}

/** Runs `act` while the file is watched, in both ways to watch. */
async function whileWatched(
  prepare: (directory: string) => Promise<void>,
  act: (watched: Watched) => Promise<void>,
): Promise<void> {
  for (const pollOnly of [false, true]) {
    const directory = await Deno.makeTempDir();
    const file = `${directory}/config.yaml`;
    await prepare(directory);
    const seen: string[] = [];
    const waiting: { count: number; resolve: () => void }[] = [];
    const control = new AbortController();
    const ended = watchConfigFile(file, async () => {
      seen.push(await Deno.readTextFile(file));
      waiting.filter(({ count }) => seen.length >= count).forEach(({ resolve }) => resolve());
    }, { signal: control.signal, pollOnly, pollInterval: pollOnly ? 10 : 60_000, settleTime: 10 });
    const calls = (count: number): Promise<void> =>
      new Promise((resolve) => seen.length >= count ? resolve() : waiting.push({ count, resolve }));
    try {
      // The watch has its first look at the file before anything changes.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await act({ directory, file, seen, calls });
    } finally {
      control.abort();
      await ended;
      await Deno.remove(directory, { recursive: true });
    }
  }
}

const plainFile = (directory: string): Promise<void> => Deno.writeTextFile(`${directory}/config.yaml`, "one");

Deno.test("watchConfigFile sees a file that is written in place", async () => {
  await whileWatched(plainFile, async ({ file, seen, calls }) => {
    await Deno.writeTextFile(file, "two");
    await calls(1);
    await Deno.writeTextFile(file, "three");
    await calls(2);
    assert.deepEqual(seen, ["two", "three"]);
  });
});

Deno.test("watchConfigFile sees a file that is replaced by renaming", async () => {
  await whileWatched(plainFile, async ({ directory, file, seen, calls }) => {
    await Deno.writeTextFile(`${directory}/.config.yaml.swp`, "two");
    await Deno.rename(`${directory}/.config.yaml.swp`, file);
    await calls(1);
    assert.deepEqual(seen, ["two"]);
  });
});

Deno.test("watchConfigFile sees the symbolic link of a ConfigMap switch", async () => {
  const prepare = async (directory: string): Promise<void> => {
    for (const [version, text] of [["..1", "one"], ["..2", "two"]] as const) {
      await Deno.mkdir(`${directory}/${version}`);
      await Deno.writeTextFile(`${directory}/${version}/config.yaml`, text);
    }
    await Deno.symlink("..1", `${directory}/..data`);
    await Deno.symlink("..data/config.yaml", `${directory}/config.yaml`);
  };
  await whileWatched(prepare, async ({ directory, seen, calls }) => {
    await Deno.symlink("..2", `${directory}/..data_tmp`);
    await Deno.rename(`${directory}/..data_tmp`, `${directory}/..data`);
    await calls(1);
    assert.deepEqual(seen, ["two"]);
  });
});

Deno.test("watchConfigFile does nothing for a touch or a file that is gone for a while", async () => {
  await whileWatched(plainFile, async ({ file, seen, calls }) => {
    await Deno.utime(file, new Date(0), new Date(1000));
    await Deno.writeTextFile(file, "one");
    await Deno.remove(file);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await Deno.writeTextFile(file, "one");
    await new Promise((resolve) => setTimeout(resolve, 60));
    await Deno.writeTextFile(file, "two");
    await calls(1);
    assert.deepEqual(seen, ["two"]);
  });
});

Deno.test("watchConfigFile ends at once when it is told to", async () => {
  const control = new AbortController();
  control.abort();
  await watchConfigFile("/no/such/file", () => assert.fail("called"), {
    signal: control.signal,
    pollOnly: true,
  });
});
