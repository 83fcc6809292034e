import assert from "node:assert/strict";
import * as fs from "node:fs";
import fc from "fast-check";
import { findSiblings, isGzipName, isSiblingName } from "../../../src/inputs/file/siblings.ts";
import { Bench } from "./support.ts";

Deno.test("isSiblingName knows the names that rotations give", () => {
  const yes = [
    "app.log.1",
    "app.log.12.gz",
    "app.log-20261122",
    "app.log-20261122.gz",
    "app.log.2026-11-22T10:15:00Z",
    "app.log.old",
    "app.log.bak",
    "app.log~1",
    "app.log_3",
    "app-2026-11-22.log",
    "app.1.log",
    "app.1.log.gz",
    "app.log-20261122-1700000000",
    "APP.LOG.1.GZ",
    "app.log.1.old",
  ];
  const no = [
    "app.log",
    "app-worker.log",
    "app.log.txt",
    "xapp.log.1",
    "app.logger",
    "app.log.",
    "app.log.gz",
    "app1.log",
    "app.log.1.txt",
    "app-worker-1.log",
    "other.log.1",
    "appxlog.1",
  ];
  assert.deepEqual(yes.filter((name) => !isSiblingName(`/any/${name}`, "/var/app.log")), []);
  assert.deepEqual(no.filter((name) => isSiblingName(name, "/var/app.log")), []);
});

Deno.test("isSiblingName takes every name literally, without an extension too", () => {
  assert.ok(isSiblingName("messages.1", "/var/log/messages"));
  assert.ok(isSiblingName("messages-20261122.gz", "/var/log/messages"));
  assert.ok(!isSiblingName("messages2", "/var/log/messages"));
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((name) => /^[^/\0]+$/.test(name) && !/^\.+$/.test(name)),
      (name) => {
        assert.ok(isSiblingName(`${name}.1`, `/var/${name}`));
        assert.ok(!isSiblingName(name, `/var/${name}`) || /\d|old|bak|prev|orig|save|rotated/i.test(name));
      },
    ),
  );
});

Deno.test("isSiblingName answers at once for a long name that only begins like one", () => {
  const started = performance.now();
  isSiblingName(`app.log${".1-2".repeat(60)}x`, "/var/app.log");
  assert.ok(performance.now() - started < 100);
});

Deno.test("isGzipName tells by the extension", () => {
  assert.deepEqual(["a.gz", "a.GZIP", "a.gz.1", "gz"].map(isGzipName), [true, true, false, false]);
});

Deno.test("findSiblings lists generations newest first, and what stands in the copies' directory under the same name", () => {
  using bench = new Bench();
  fs.mkdirSync(bench.path("old"));
  const at = (name: string, seconds: number) => fs.utimesSync(bench.write(name, "x"), seconds, seconds);
  at("app.log", 90);
  at("app.log.1", 50);
  at("app.log.2", 50);
  at("app.log.10", 50);
  at("app.log.3.gz", 60);
  at("app-worker.log", 70);
  at("old/app.log", 40);
  at("old/app.log.4", 30);
  at("old/unrelated", 20);
  fs.mkdirSync(bench.path("app.log.5"));
  fs.symlinkSync("nowhere", bench.path("app.log.6"));
  const names = (anyName: boolean) =>
    findSiblings(bench.path("app.log"), "old", anyName).map(({ path }) =>
      path.slice(bench.directory.length + 1)
    );
  assert.deepEqual(names(false), [
    "app.log.3.gz",
    "app.log.1",
    "app.log.2",
    "app.log.10",
    "old/app.log",
    "old/app.log.4",
  ]);
  assert.deepEqual(names(true).filter((name) => !names(false).includes(name)), [
    "app-worker.log",
    "old/unrelated",
  ]);
  assert.deepEqual(
    findSiblings(bench.path("app.log"), bench.path("old")).length,
    6,
    "the copies' directory may be absolute",
  );
  assert.deepEqual(findSiblings("/nowhere/app.log", "old"), []);
});
