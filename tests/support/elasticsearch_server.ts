import { HttpDestination, plainBody } from "./http_destination.ts";
import type { ArrivedRequest, Reply } from "./http_destination.ts";

/** A document as it is stored. */
export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  /** As it came. */
  readonly text: string;
  readonly pipeline: string | undefined;
}

/** What a bulk request says of one document. */
export interface ItemResult {
  readonly status: number;
  readonly error?: unknown;
}

/** What becomes of a request beside what the server does by itself. */
export interface Fault extends Reply {
  /** The documents are stored all the same: the answer is what goes wrong. */
  readonly stores?: boolean;
}

/** How a server misbehaves; nothing is told: it does not. */
export interface Faults {
  /** Of bulk requests, counted from 0. */
  readonly bulk?: (number: number, request: ArrivedRequest) => Fault | undefined;
  /** Of single documents, before they are stored. */
  readonly item?: (text: string, index: string) => ItemResult | undefined;
  /** Of all other requests. */
  readonly other?: (request: ArrivedRequest) => Reply | undefined;
}

/** Bulk answers without `filter_path`, as servers give that do not know it. */
export interface ServerOptions {
  readonly ignoresFilter?: boolean;
  readonly port?: number;
}

/** Speaks what the output uses of the API of Elasticsearch and OpenSearch: bulk creation, templates, pipelines. */
export class ElasticsearchServer implements AsyncDisposable {
  readonly documents: StoredDocument[] = [];
  readonly templates = new Map<string, unknown>();
  readonly pipelines = new Set<string>();
  readonly http: HttpDestination;
  faults: Faults;
  readonly #ids = new Set<string>();
  readonly #options: ServerOptions;
  #bulks = 0;
  #given = 0;

  private constructor(faults: Faults, options: ServerOptions) {
    this.faults = faults;
    this.#options = options;
    this.http = HttpDestination.start((request) => this.#answer(request), options.port);
  }

  static start(faults: Faults = {}, options: ServerOptions = {}): ElasticsearchServer {
    return new ElasticsearchServer(faults, options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.http.port}`;
  }

  /** Bulk requests that came. */
  get bulks(): ArrivedRequest[] {
    return this.http.requests.filter(({ target }) => /\/_bulk/.test(target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.http[Symbol.asyncDispose]();
  }

  #answer(request: ArrivedRequest): Reply {
    const { method, target } = request;
    const { pathname, searchParams } = new URL(`http://server${target}`);
    const [, index] = /^\/([^/]*)\/_bulk$/.exec(pathname) ?? [];
    if (index !== undefined && method === "POST") {
      const fault = this.faults.bulk?.(this.#bulks++, request);
      if (fault !== undefined && fault.stores !== true) return fault;
      const answer = this.#bulk(
        request,
        decodeURIComponent(index),
        searchParams.get("pipeline") ?? undefined,
      );
      return fault ?? { body: this.#options.ignoresFilter ? `{"took":1,${answer.slice(1)}` : answer };
    }
    return this.faults.other?.(request) ?? this.#other(request, pathname, searchParams);
  }

  #bulk(request: ArrivedRequest, index: string, pipeline: string | undefined): string {
    const lines = new TextDecoder().decode(plainBody(request)).split("\n");
    if (lines.pop() !== "") throw new Error("A bulk request must end in a line feed");
    const items: ItemResult[] = [];
    for (let line = 0; line < lines.length; line += 2) {
      const { create } = JSON.parse(lines[line]!) as { create: { _id?: string } };
      const text = lines[line + 1]!;
      const id = create._id ?? `server-${this.#given++}`;
      const key = `${index}/${id}`;
      const result = this.faults.item?.(text, index) ??
        (this.#ids.has(key) ? CONFLICT : { status: 201 });
      if (result.status < 300) {
        this.#ids.add(key);
        this.documents.push({ index, id, text, pipeline });
      }
      items.push(result);
    }
    return JSON.stringify({
      errors: items.some(({ status }) => status >= 300),
      items: items.map((item) => ({ create: item })),
    });
  }

  #other({ method, body }: ArrivedRequest, pathname: string, query: URLSearchParams): Reply {
    const [, template] = /^\/_index_template\/(.+)$/.exec(pathname) ?? [];
    const [, pipeline] = /^\/_ingest\/pipeline\/(.+)$/.exec(pathname) ?? [];
    if (pathname === "/") return { body: '{"tagline":"You Know, for Search"}' };
    if (pipeline !== undefined) {
      return { status: this.pipelines.has(decodeURIComponent(pipeline)) ? 200 : 404, body: "{}" };
    }
    if (template === undefined) return { status: 404, body: "{}" };
    if (method === "HEAD") return { status: this.templates.has(template) ? 200 : 404 };
    if (query.has("create") && this.templates.has(template)) {
      return { status: 400, body: `{"error":{"reason":"index template [${template}] already exists"}}` };
    }
    this.templates.set(template, JSON.parse(new TextDecoder().decode(body)));
    return { body: '{"acknowledged":true}' };
  }
}

const CONFLICT: ItemResult = {
  status: 409,
  error: {
    type: "version_conflict_engine_exception",
    reason: "[x]: version conflict, document already exists (current version [1])",
  },
};
