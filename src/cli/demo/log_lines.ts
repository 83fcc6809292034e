/** Answers the lines of one record, without line terminators. `random` answers numbers in [0, 1). */
export type RecordMaker = (time: Date, random: () => number) => string[];

function pick<T>(choices: readonly [T, ...T[]], random: () => number): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

function whole(from: number, to: number, random: () => number): number {
  return from + Math.floor(random() * (to - from + 1));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `22/Nov/2026:15:04:05 +0000` */
function apacheTime(time: Date): string {
  const [date = "", clock = ""] = time.toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
}

/** A web server's access log in the combined format. */
export const nginxRecord: RecordMaker = (time, random) => {
  const address = `203.0.113.${whole(1, 254, random)}`;
  const method = pick(["GET", "GET", "GET", "GET", "POST", "PUT"], random);
  const path = pick(["/", "/products", "/products/1842", "/cart", "/checkout", "/api/v1/orders"], random);
  const status = pick([200, 200, 200, 200, 200, 201, 304, 404, 502], random);
  const agent = pick(["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.14.1", "kube-probe/1.34"], random);
  return [
    `${address} - - [${apacheTime(time)}] "${method} ${path} HTTP/1.1" ${status} ${
      whole(80, 48_000, random)
    } ` +
    `"-" "${agent}" ${(random() / 3).toFixed(3)}`,
  ];
};

/** A service that logs JSON. */
export const jsonRecord: RecordMaker = (time, random) => {
  const level = pick(["info", "info", "info", "info", "debug", "warn", "error"], random);
  const message = pick(
    ["order accepted", "payment authorised", "cart updated", "stock reserved", "mail queued"],
    random,
  );
  return [
    JSON.stringify({
      timestamp: time.toISOString(),
      level,
      message,
      order: whole(100_000, 999_999, random),
      customer: { id: whole(1, 9999, random), country: pick(["DE", "FR", "PT", "JP", "BR"], random) },
      duration_ms: Number((random() * 250).toFixed(1)),
    }),
  ];
};

/** A Java service: now and then an exception with its stack trace, over several lines. */
export const javaRecord: RecordMaker = (time, random) => {
  const stamp = time.toISOString().replace("T", " ").replace("Z", "");
  const thread = `[worker-${whole(1, 8, random)}]`;
  if (random() > 0.08) {
    return [
      `${stamp} INFO  ${thread} c.e.billing.InvoiceService - Invoice ${whole(1, 99_999, random)} written`,
    ];
  }
  return [
    `${stamp} ERROR ${thread} c.e.billing.InvoiceService - Cannot write invoice ${whole(1, 99_999, random)}`,
    "java.lang.IllegalStateException: ledger is closed",
    `\tat com.example.billing.Ledger.append(Ledger.java:${whole(40, 400, random)})`,
    `\tat com.example.billing.InvoiceService.write(InvoiceService.java:${whole(40, 400, random)})`,
    "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
    `Caused by: java.io.IOException: timed out after ${whole(1, 30, random)}s`,
    "\t... 2 more",
  ];
};
