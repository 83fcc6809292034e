import type { Answer } from "../http/answer.ts";
import { reasonOf } from "../../lib/reason.ts";
import type { Cluster } from "./cluster.ts";
import type { ElasticsearchConfig } from "./elasticsearch_config.ts";
import { indexNameOf } from "./elasticsearch_encoder.ts";

/** Above the templates that servers bring along. */
const PRIORITY = 200;

/**
 * Installs the index template of a configuration; one of its name that is there stays unless it may be overwritten.
 * Throws an Error that says why it cannot.
 */
export async function installTemplate(
  config: ElasticsearchConfig,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const { template } = config;
  if (template === undefined) return;
  const { name, overwrite } = template;
  const path = `/_index_template/${name}`;
  const text = await templateText(config);
  if (!overwrite && await exists(path, cluster, signal)) return;
  const answer = await cluster.ask({
    method: "PUT",
    path: overwrite ? path : `${path}?create=true`,
    body: new TextEncoder().encode(text),
    headers: { "content-type": "application/json" },
  }, signal);
  if (isSuccess(answer)) return;
  // Another agent was faster.
  if (!overwrite && answer.status === 400 && await exists(path, cluster, signal)) return;
  throw new Error(`cannot install the index template "${name}": ${cluster.told(answer, `PUT ${path}`)}`);
}

async function exists(path: string, cluster: Cluster, signal: AbortSignal): Promise<boolean> {
  const answer = await cluster.ask({ method: "HEAD", path }, signal);
  if (isSuccess(answer)) return true;
  // Who may not look may still be allowed to install, which tells.
  if (answer.status === 404 || answer.status === 403) return false;
  throw new Error(`cannot look for the index template: ${cluster.told(answer, `HEAD ${path}`)}`);
}

async function templateText(config: ElasticsearchConfig): Promise<string> {
  const { file, body } = config.template ?? {};
  if (file === undefined) return JSON.stringify(body ?? defaultTemplate(config));
  try {
    const text = await Deno.readTextFile(file);
    JSON.parse(text);
    return text;
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is no JSON" : reasonOf(error);
    throw new Error(`cannot use template.file "${file}": ${reason}`, { cause: error });
  }
}

/** Full text for messages, exact texts for all other strings. */
function defaultTemplate(config: ElasticsearchConfig): unknown {
  const exact = { type: "keyword", ignore_above: 1024 };
  return {
    index_patterns: [indexNameOf(config).pattern],
    priority: PRIORITY,
    ...(config.data_stream ? { data_stream: {} } : {}),
    template: {
      mappings: {
        dynamic_templates: [{
          fields: { path_match: "fields.*", match_mapping_type: "string", mapping: exact },
        }],
        properties: {
          [config.timestamp_field]: { type: "date" },
          message: { type: "text" },
          level: exact,
          source: exact,
        },
      },
    },
  };
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
