import { assertRecords } from "../support.ts";

Deno.test("preset dotnet joins inner exceptions, and leaves the lines around alone", () => {
  assertRecords("dotnet", [
    "info: Shop[0] starting",
    `Unhandled exception. System.InvalidOperationException: outer
 ---> System.ArgumentException: inner (Parameter 'x')
   at Shop.Parts.Get(String name) in /src/Parts.cs:line 10
   --- End of inner exception stack trace ---
   at Shop.Program.Main(String[] args) in /src/Program.cs:line 20
--- End of stack trace from previous location where exception was thrown ---
   at System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw()`,
    "info: Shop[0] went on",
    "text",
    "  indented text",
  ]);
});

Deno.test("preset dotnet joins aggregated exceptions, long messages and translated frames", () => {
  assertRecords("dotnet", [
    `System.AggregateException: One or more errors occurred. (one) (two)
 ---> System.Exception: one
   at Shop.A.<>c.<Main>b__0_0() in /src/A.cs:line 3
   --- End of inner exception stack trace ---
   at System.Threading.Tasks.Task.Wait()
 ---> (Inner Exception #1) System.Exception: two
   at Shop.A.Run() in /src/A.cs:line 4<---

 ---> (Inner Exception #2) System.Exception: three
   at Shop.A.Run() in /src/A.cs:line 5<---`,
    "",
    "text",
    `Npgsql.PostgresException (0x80004005): 42P01: relation "x" does not exist

POSITION: 15
   at Npgsql.Internal.NpgsqlConnector.ReadMessage()`,
    `fail: Shop[0] failed
   bei Shop.Program.Main(String[] args) in C:\\src\\Program.cs:Zeile 20.`,
    "System.Exception: without frames",
    "System.Exception: other",
    "2024-05-01 text",
  ]);
});
