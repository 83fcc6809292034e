import { join } from "node:path";

/** Log files of a benchmark. */
export interface SampleFiles {
  /** Shell pattern of all of them. */
  readonly pattern: string;
  readonly paths: readonly string[];
  readonly lines: number;
  readonly bytes: number;
}

const PATHS = ["/", "/products/1842?colour=blue", "/cart", "/checkout/payment", "/api/v1/orders/2291/items"];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
  "kube-probe/1.34",
];

/** Kinds of sample lines, each about 200 bytes. */
export type SampleKind = "web" | "json" | "apache";

/** Writes `count` files with together `lines` lines, no two alike. */
export function makeSampleFiles(
  directory: string,
  count: number,
  lines: number,
  kind: SampleKind = "web",
): SampleFiles {
  const line = LINES[kind];
  Deno.mkdirSync(directory, { recursive: true });
  const encoder = new TextEncoder();
  const paths: string[] = [];
  let bytes = 0;
  for (let file = 0, made = 0; file < count; file++) {
    const path = join(directory, `app-${file}.log`);
    paths.push(path);
    using out = Deno.openSync(path, { create: true, truncate: true, write: true });
    const until = Math.round(lines * (file + 1) / count);
    while (made < until) {
      let text = "";
      for (let i = 0; i < 1000 && made < until; i++) text += line(made++);
      const block = encoder.encode(text);
      for (let done = 0; done < block.length;) done += out.writeSync(block.subarray(done));
      bytes += block.length;
    }
  }
  return { pattern: join(directory, "*.log"), paths, lines, bytes };
}

const LINES: Readonly<Record<SampleKind, (number: number) => string>> = {
  web: webLine,
  json: jsonLine,
  apache: apacheLine,
};

/** What a service writes with a structured logger. */
function jsonLine(number: number): string {
  const random = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  const time = new Date(1_795_000_000_000 + number * 7).toISOString();
  const level = ["info", "info", "info", "warn", "debug", "error"][random % 6];
  return `{"ts":"${time}","level":"${level}","msg":"request finished","method":"GET","path":"${
    PATHS[random % 5]
  }","status":200,"duration_ms":${(random % 9973) / 10},"user":{"id":${
    random % 48_000
  },"name":"bob"},"trace":"${random.toString(16).padStart(8, "0")}-${number}"}\n`;
}

/** The combined log format of Apache. */
function apacheLine(number: number): string {
  const random = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  const second = Math.floor(number / 200);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = `22/Nov/2026:${two(Math.floor(second / 3600) % 24)}:${two(Math.floor(second / 60) % 60)}:${
    two(second % 60)
  } +0000`;
  return `203.0.113.${random % 254} - - [${time}] "GET ${PATHS[random % 5]} HTTP/1.1" 200 ${
    random % 48_000
  } "https://shop.example.com/${number}" "${AGENTS[random % 3]}"\n`;
}

function webLine(number: number): string {
  const random = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  const time = new Date(1_795_000_000_000 + number * 7).toISOString();
  const request = `GET ${PATHS[random % 5]} HTTP/1.1`;
  const agent = AGENTS[random % 3];
  return `203.0.113.${random % 254} - - [${time}] "${request}" 200 ${random % 48_000} ` +
    `"https://shop.example.com/" "${agent}" ${(random % 997) / 1000} id=${random.toString(16)}-${number}\n`;
}
