import { assertRecords } from "../support.ts";

const DUMP = `panic: runtime error: index out of range [5] with length 3 [recovered]
	panic: again
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f2a1]

goroutine 1 [running]:
main.(*Server).Run(0xc0000b4000, {0x1, 0x2})
	/src/main.go:8 +0x1d
main.Map[...](0xc000010000)
	/src/map.go:3
panic({0x45e0a0?, 0x4b5b60?})
	/usr/lib/go/src/runtime/panic.go:770 +0x132
main.main()
	/src/main.go:12 +0x2f

goroutine 18 [chan receive, 5 minutes]:
main.wait(0xc00008e060)
	/src/main.go:30 +0x4a
created by main.main in goroutine 1
	/src/main.go:11 +0x65`;

Deno.test("preset go joins a panic with all goroutines, and leaves the lines around alone", () => {
  assertRecords("go", [
    "2024/05/01 12:00:00 starting",
    DUMP,
    "exit status 2",
    "2024/05/01 12:00:01 started again (quickly)",
    "done(all)",
    "text",
  ]);
});

Deno.test("preset go joins fatal errors, signals, and panics of a server", () => {
  assertRecords("go", [
    `fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
	/src/main.go:5 +0x2a`,
    "text",
    `runtime: goroutine stack exceeds 1000000000-byte limit
fatal error: stack overflow

runtime stack:
runtime.throw({0x47a5c5?, 0x0?})
	/usr/lib/go/src/runtime/panic.go:1023 +0x5c fp=0x7ffd sp=0x7ffd pc=0x43

goroutine 1 gp=0xc000002380 m=0 mp=0x52d4a0 [running]:
main.f(...)
	/src/main.go:3
...additional frames elided...
created by main.main
	/src/main.go:9 +0x1d`,
    `2024/05/01 12:00:00 http: panic serving 127.0.0.1:51234: boom
goroutine 35 [running]:
net/http.(*conn).serve.func1()
	/usr/lib/go/src/net/http/server.go:1898 +0xbe`,
    "",
    `SIGQUIT: quit
PC=0x46b5e1 m=0 sigcode=0

goroutine 0 gp=0x5 m=0 mp=0x5 [idle]:
runtime.futex()
	/usr/lib/go/src/runtime/sys_linux_amd64.s:557 +0x21

rax    0xca
rip    0x46b5e1`,
    "text",
  ]);
});

Deno.test("preset go keeps two panics apart, and what only looks like a part of one", () => {
  const panic = `panic: one

goroutine 1 [running]:
main.main()
	/src/main.go:5 +0x2a`;
  assertRecords("go", [
    panic,
    panic,
    "",
    "main.main()",
    "no place",
    "panic: without a dump",
    "2024/05/01 text",
  ]);
});
