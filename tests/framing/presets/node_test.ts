import { assertRecords } from "../support.ts";

Deno.test("preset node joins an uncaught exception, and leaves the lines around alone", () => {
  assertRecords("node", [
    "listening on 8080",
    `/app/shop.js:3
    throw new Error('out of stock');
    ^

Error: out of stock
    at order (/app/shop.js:3:11)
    at async run (file:///app/run.mjs:2:3)
    at node:internal/main/run_main_module:23:47

Node.js v20.1.0`,
    "listening on 8080",
    "text",
  ]);
});

Deno.test("preset node joins causes, properties and messages of several lines", () => {
  assertRecords("node", [
    `2024-05-01 error: failed Error: outer
    at order (/app/shop.js:3:11)
    ... 3 lines matching cause stack trace ...
    at new Promise (<anonymous>) {
  [cause]: Error: inner
      at part (/app/part.js:1:1) {
    code: 'E_PART'
  },
  code: 'E_SHOP'
}`,
    "text",
    `TypeError [ERR_INVALID_ARG_TYPE]: first line
second line
    at f (/app/f.js:1:1)`,
    `[Error: ENOENT: no such file or directory, open 'x'] {
  errno: -2,
  code: 'ENOENT'
}`,
    `Error: wrapped
    at f (/app/f.js:1:1)
Caused by: Error: reason
    at g (/app/g.js:1:1)
From previous event:
    at h (/app/h.js:1:1)`,
    "Error: without frames",
    "2024-05-01 text",
    "",
    "text",
  ]);
});
