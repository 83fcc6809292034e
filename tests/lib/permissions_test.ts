import assert from "node:assert/strict";
import type { PermissionNeed } from "../../src/lib/permission.ts";
import {
  flagOf,
  flagsOf,
  missingPermissions,
  MissingPermissionsError,
  neededBy,
  withoutCovered,
} from "../../src/lib/permissions.ts";

const why = "because";
const read = (path: string): PermissionNeed => ({ name: "read", path, why });
const write = (path: string): PermissionNeed => ({ name: "write", path, why });

Deno.test("flagsOf merges the needs of a kind, and doubles commas as Deno wants them", () => {
  assert.deepEqual(
    flagsOf([read("/a"), write("/a"), read("/b,c"), { name: "env", variable: "HOME", why }]),
    ["--allow-read=/a,/b,,c", "--allow-write=/a", "--allow-env=HOME"],
  );
  assert.equal(flagOf({ name: "net", host: "h:1", why }), "--allow-net=h:1");
  assert.equal(flagOf({ name: "sys", kind: "uid", why }), "--allow-sys=uid");
});

Deno.test("withoutCovered keeps the directory and drops what lies in it, in any order", () => {
  assert.deepEqual(withoutCovered([read("/a/b"), write("/a/b"), read("/a"), read("/ab")]), [
    write("/a/b"),
    read("/a"),
    read("/ab"),
  ]);
  assert.deepEqual(withoutCovered([read("/a"), read("/a/b"), read("/a")]), [read("/a")]);
  assert.deepEqual(withoutCovered([read("/"), read("/a")]), [read("/")]);
  assert.deepEqual(withoutCovered([read("/a/..b"), read("/a")]), [read("/a")]);
});

Deno.test("MissingPermissionsError names every flag and its reason", () => {
  const error = new MissingPermissionsError("start", [read("/a"), write("/b")], "add these flags");
  assert.equal(
    error.message,
    "Cannot start: 2 permissions are missing; add these flags:\n" +
      "  --allow-read=/a  (because)\n  --allow-write=/b  (because)",
  );
});

Deno.test("neededBy finds the flag that an error of the sandbox means, also as a cause", () => {
  const error = new Deno.errors.NotCapable(
    'Requires read access to "/etc/x", run again with the --allow-read flag',
  );
  assert.deepEqual(neededBy(new Error("outer", { cause: error })), {
    name: "read",
    path: "/etc/x",
    why: "asked for while running",
  });
  assert.equal(neededBy(new Error("other")), undefined);
  assert.equal(neededBy("text"), undefined);
});

/** Runs a script with these flags in a process of its own. */
async function sandboxed(flags: string[], script: string): Promise<unknown> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const library = new URL("../../src/lib/permissions.ts", import.meta.url).href;
    await Deno.writeTextFile(
      file,
      `import { missingPermissions, narrowPermissions } from ${JSON.stringify(library)};
const has = async (descriptor: Deno.PermissionDescriptor) =>
  (await Deno.permissions.query(descriptor)).state === "granted";
const why = "";
${script}`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", ...flags, file],
      stdin: "null",
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(file);
  }
}

const NARROW_AND_TELL = `
const { excess } = await narrowPermissions([
  { name: "read", path: "/var/log/app", why },
  { name: "read", path: "/etc/passwd", why },
  { name: "write", path: "/var/lib/x", why },
]);
console.log(JSON.stringify({
  excess,
  app: await has({ name: "read", path: "/var/log/app/a.log" }),
  file: await has({ name: "read", path: "/etc/passwd" }),
  log: await has({ name: "read", path: "/var/log" }),
  root: await has({ name: "read", path: "/" }),
  written: await has({ name: "write", path: "/var/lib/x/y" }),
  lib: await has({ name: "write", path: "/var/lib" }),
  env: await has({ name: "env", variable: "HOME" }),
  sys: await has({ name: "sys", kind: "hostname" }),
  net: await has({ name: "net", host: "127.0.0.1:1" }),
  run: await has({ name: "run" }),
  ffi: await has({ name: "ffi" }),
}));`;

const NARROWED = {
  excess: [],
  app: true,
  file: true,
  log: false,
  root: false,
  written: true,
  lib: false,
  env: false,
  sys: false,
  net: false,
  run: false,
  ffi: false,
};

Deno.test("narrowPermissions leaves only what is needed of a grant of the root", async () => {
  const flags = ["read=/", "write=/", "env", "sys", "net", "run", "ffi"].map((flag) => `--allow-${flag}`);
  assert.deepEqual(await sandboxed(flags, NARROW_AND_TELL), NARROWED);
});

Deno.test("narrowPermissions narrows a grant of a directory above too", async () => {
  const flags = ["read=/var,/etc", "write=/var/lib", "env=HOME,PATH", "net=127.0.0.1:1"];
  assert.deepEqual(await sandboxed(flags.map((flag) => `--allow-${flag}`), NARROW_AND_TELL), NARROWED);
});

Deno.test("narrowPermissions gives up the rest of -A and says what it cannot give up", async () => {
  const told = await sandboxed(["-A"], NARROW_AND_TELL) as typeof NARROWED & { excess: string[] };
  assert.equal(told.excess.length, 2);
  assert.match(told.excess[0]!, /^read of all files: .*--allow-read=\//);
  assert.deepEqual({ ...told, excess: [] }, { ...NARROWED, log: true, root: true, lib: true });
});

Deno.test("narrowPermissions never takes what is needed, when there is nothing to narrow", async () => {
  const flags = ["--allow-read=/var/log/app,/etc/passwd", "--allow-write=/var/lib/x"];
  assert.deepEqual(await sandboxed(flags, NARROW_AND_TELL), NARROWED);
});

Deno.test("missingPermissions names what is not granted", async () => {
  const told = await sandboxed(
    ["--allow-read=/a", "--allow-env=A"],
    `console.log(JSON.stringify((await missingPermissions([
      { name: "read", path: "/a/b", why }, { name: "write", path: "/a", why },
      { name: "env", variable: "A", why }, { name: "env", variable: "B", why },
      { name: "net", host: "h:1", why }, { name: "sys", kind: "uid", why },
    ])).map((need) => need.name)));`,
  );
  assert.deepEqual(told, ["write", "env", "net", "sys"]);
  assert.deepEqual(await missingPermissions([]), []);
});
