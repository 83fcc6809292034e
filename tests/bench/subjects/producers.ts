import * as fs from "node:fs";
import { openClient } from "./client_producers.ts";
import { logRecord, logsRequest } from "./otlp_messages.ts";

/** What a bare producer is told. */
export interface Settings {
  readonly kind: string;
  /** A URL, an address as host:port, or a path. */
  readonly to: string;
  /** As the agent is configured. `concurrency`: sends that may be under way at once. */
  readonly batch: { readonly events: number; readonly bytes: number; readonly concurrency: number };
  /** Topic, index, subject or key. */
  readonly name?: string;
}

/** When a piece of a file was read. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** The same, as event JSON has it. */
  readonly text: string;
}

/** Sends records with the client that the agent's output uses, and nothing around it. */
export interface Producer {
  encode(message: string, source: string, now: Moment): string;
  /** Resolves once the server has them. */
  send(records: readonly string[]): Promise<void>;
  close?(): Promise<void>;
}

const CLIENTS: ReadonlySet<string> = new Set(["kafka", "s3", "nats", "redis"]);
const run = crypto.randomUUID();
let count = 0;

/** As long as the ids of the agent. */
function nextId(): string {
  return `${run}.0.${(count += 211).toString(36)}`;
}

/** The event JSON that the agent makes of a line which nothing parses. */
function eventJson(message: string, source: string, now: Moment): string {
  return `${JSON.stringify({ timestamp: now.text, message, source, fields: {} })}\n`;
}

/** Makes the producer of a kind. */
export async function openProducer(settings: Settings): Promise<Producer> {
  const { kind, to } = settings;
  if (CLIENTS.has(kind)) return { encode: eventJson, ...await openClient(settings, nextId) };
  switch (kind) {
    case "null":
      return { encode: eventJson, send: () => Promise.resolve() };
    case "file":
      return { encode: eventJson, ...openFile(to) };
    case "socket":
      return { encode: eventJson, ...await openStream(to) };
    case "syslog":
      return { encode: syslogMessage, ...await openStream(to) };
    case "http":
      return { encode: eventJson, send: (records) => post(to, "application/x-ndjson", records.join("")) };
    case "loki":
      return { encode: lokiEntry, send: (records) => post(to, "application/json", lokiBody(records)) };
    case "otlp":
      return {
        encode: (message, source, now) => logRecord(message, source, now, nextId()),
        send: (records) => post(to, "application/x-protobuf", logsRequest(records)),
      };
    case "splunk_hec":
      return { encode: hecEvent, send: (records) => post(to, "application/json", records.join("")) };
    case "elasticsearch":
      return { encode: bulkItem, send: (records) => bulk(to, records) };
    default:
      throw new Error(`there is no bare producer for ${kind}`);
  }
}

async function post(url: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": type } });
  const answer = await response.text();
  if (!response.ok) throw new Error(`answered ${response.status}: ${answer.slice(0, 500)}`);
}

function openFile(path: string): Pick<Producer, "send" | "close"> {
  const fd = fs.openSync(path, "a");
  return {
    async send(records) {
      const bytes = new TextEncoder().encode(records.join(""));
      for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done);
      await Promise.resolve();
    },
    close() {
      fs.fsyncSync(fd);
      fs.closeSync(fd);
      return Promise.resolve();
    },
  };
}

async function openStream(address: string): Promise<Pick<Producer, "send" | "close">> {
  const [hostname = "", port] = address.split(":");
  const connection = await Deno.connect({ hostname, port: Number(port) });
  return {
    async send(records) {
      const bytes = new TextEncoder().encode(records.join(""));
      for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
    },
    async close() {
      await connection.closeWrite();
      // Servers end their side once they have read all.
      while (await connection.read(new Uint8Array(1024)) !== null);
      connection.close();
    },
  };
}

function syslogMessage(message: string, _source: string, now: Moment): string {
  const text = `<14>1 ${now.text} bench logaggregator - - - ${message}`;
  // The lines of the samples are ASCII.
  return `${text.length} ${text}`;
}

function lokiEntry(message: string, _source: string, now: Moment): string {
  return JSON.stringify([`${now.ms}${String((count += 211) % 1_000_000).padStart(6, "0")}`, message]);
}

function lokiBody(records: readonly string[]): string {
  return `{"streams":[{"stream":{"job":"logaggregator"},"values":[${records.join(",")}]}]}`;
}

function hecEvent(message: string, source: string, now: Moment): string {
  return `${JSON.stringify({ time: now.ms / 1000, source, event: message })}\n`;
}

function bulkItem(message: string, source: string, now: Moment): string {
  return `{"create":{"_id":"${nextId()}"}}\n${JSON.stringify({ "@timestamp": now.text, message, source })}\n`;
}

async function bulk(url: string, records: readonly string[]): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    body: records.join(""),
    headers: { "content-type": "application/x-ndjson" },
  });
  const answer = await response.text();
  if (!response.ok || !answer.startsWith('{"errors":false')) {
    throw new Error(`answered ${response.status}: ${answer.slice(0, 500)}`);
  }
}
