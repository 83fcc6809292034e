import { assertRecords } from "../support.ts";

Deno.test("preset python joins chained exceptions, and leaves the lines around alone", () => {
  assertRecords("python", [
    "INFO:root:starting",
    "ERROR:root:order failed",
    `Traceback (most recent call last):
  File "/srv/shop.py", line 3, in order
    return stock["x"]
           ~~~~~^^^^^
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop.py", line 5, in <module>
    order()
  [Previous line repeated 996 more times]
  File "/srv/shop.py", line 5, in order
    raise shop.errors.OutOfStock("x") from e
shop.errors.OutOfStock: x

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop.py", line 9, in <module>
    log()
KeyboardInterrupt`,
    "INFO:root:went on",
    "Traceback is a word",
  ]);
});

Deno.test("preset python keeps two tracebacks apart, and empty lines behind them", () => {
  assertRecords("python", [
    `2024-05-01 12:00:00 CRITICAL Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
ValueError: one`,
    `Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
ValueError: two`,
    "",
    "text",
    `  File "broken.py", line 1
    print(
         ^
SyntaxError: '(' was never closed`,
    "",
    "",
    "text",
  ]);
});

Deno.test("preset python joins exception groups, tracebacks of other processes, and details of databases", () => {
  assertRecords("python", [
    `  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  |     raise ExceptionGroup("group", [ValueError(1)])
  | ExceptionGroup: group (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 1, in <module>
    | TypeError: 2
    +------------------------------------`,
    "text",
    `concurrent.futures.process._RemoteTraceback: 
"""
Traceback (most recent call last):
  File "w.py", line 1, in run
    f()
ValueError: in the worker
"""

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "m.py", line 1, in <module>
    pool.map(f)
ValueError: in the worker`,
    `Traceback (most recent call last):
  File "db.py", line 1, in <module>
    session.execute(q)
sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: x
[SQL: SELECT * FROM x]
(Background on this error at: https://sqlalche.me/e/20/e3q8)`,
    "text",
  ]);
});
