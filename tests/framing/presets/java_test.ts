import { assertRecords } from "../support.ts";

const NESTED = `Exception in thread "main" java.lang.IllegalStateException: A book has a null property
	at com.example.myproject.Author.getBookIds(Author.java:38)
	at com.example.myproject.Bootstrap.main(Bootstrap.java:14)
Caused by: java.lang.NullPointerException
	at com.example.myproject.Book.getId(Book.java:22)
	at java.base/java.lang.Thread.run(Thread.java:833)
	... 1 more
	Suppressed: java.io.IOException: close failed
		at com.example.Res.close(Res.java:7)
		... 3 more
	Caused by: java.lang.Error: deep
		... 4 common frames omitted`;

const LOGGED =
  `2024-05-01 12:00:00.123 ERROR [main] c.e.Shop - Order failed: java.lang.RuntimeException: no stock
	at com.example.Shop.order(Shop.java:5) ~[shop.jar:1.2]
	at com.example.Shop$$Lambda$14/0x0000000800c031f0.run(Unknown Source)
Caused by: com.example.Missing: part
	at com.example.Parts.get(Parts.java:5)
	... 12 common frames omitted`;

Deno.test("preset java joins nested and suppressed exceptions, and leaves the lines around alone", () => {
  assertRecords("java", [
    "2024-05-01 12:00:00.100 INFO starting",
    "2024-05-01 12:00:00.110 ERROR Order failed",
    NESTED,
    "2024-05-01 12:00:00.120 INFO went on",
    LOGGED,
    "plain text",
    "  indented text at the end",
    "last",
  ]);
});

Deno.test("preset java joins messages of several lines, and keeps two exceptions apart", () => {
  assertRecords("java", [
    `org.postgresql.util.PSQLException: ERROR: relation "shop" does not exist
  Position: 15
	at org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2676)`,
    `com.fasterxml.jackson.core.JsonParseException: Unexpected character ('<' (code 60))
 at [Source: (String)"<html>"; line: 1, column: 2]
	at com.fasterxml.jackson.core.JsonParser._constructError(JsonParser.java:2418)
Caused by: java.sql.SQLException: ORA-20001: no
ORA-06512: at line 1

	at oracle.jdbc.Driver.run(Driver.java:1)`,
    "java.lang.IllegalStateException: without frames",
    "some text",
    "java.lang.RuntimeException: other",
    `java.lang.RuntimeException: with frames
	at a.B.c(B.java:1)`,
    `java.lang.RuntimeException: again
	at a.B.c(B.java:1)`,
  ]);
});

Deno.test("preset java joins threads of a dump, causes from the root on, and circular references", () => {
  assertRecords("java", [
    `"main" #1 prio=5 os_prio=0 tid=0x00007f waiting on condition [0x00007f]
   java.lang.Thread.State: TIMED_WAITING (sleeping)
	at java.lang.Thread.sleep(Native Method)
	- locked <0x000000076b5d8f58> (a java.lang.Object)`,
    "",
    `java.lang.IllegalArgumentException: root
	at a.B.c(B.java:1)
Wrapped by: java.lang.RuntimeException: outer
	at a.B.d(B.java:2)
	Suppressed: java.lang.Exception: x
	[CIRCULAR REFERENCE: java.lang.RuntimeException: outer]`,
    "- a list",
    "  - of text",
  ]);
});
