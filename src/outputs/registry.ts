import { elasticsearchOutput } from "./elasticsearch/elasticsearch_config.ts";
import { fileOutput } from "./file/file_output.ts";
import { httpOutput } from "./http/http_output.ts";
import { kafkaOutput } from "./kafka/kafka_config.ts";
import { s3Output } from "./s3/s3_config.ts";
import { stdoutOutput } from "./stdout.ts";

/** Every output type, by the name that stands in `output.type`. */
export const outputTypes = {
  stdout: stdoutOutput,
  file: fileOutput,
  http: httpOutput,
  kafka: kafkaOutput,
  elasticsearch: elasticsearchOutput,
  s3: s3Output,
} as const;

export type OutputTypeName = keyof typeof outputTypes;
