import { elasticsearchOutput } from "./elasticsearch/elasticsearch_config.ts";
import { fileOutput } from "./file/file_output_config.ts";
import { httpOutput } from "./http/http_output_config.ts";
import { kafkaOutput } from "./kafka/kafka_config.ts";
import { lokiOutput } from "./loki/loki_config.ts";
import { natsOutput } from "./nats/nats_config.ts";
import { nullOutput } from "./null.ts";
import { otlpOutput } from "./otlp/otlp_config.ts";
import { redisOutput } from "./redis/redis_config.ts";
import { s3Output } from "./s3/s3_config.ts";
import { socketOutput } from "./socket/socket_config.ts";
import { splunkHecOutput } from "./splunk_hec/splunk_hec_config.ts";
import { stdoutOutput } from "./stdout.ts";
import { syslogOutput } from "./syslog/syslog_config.ts";

/** Every output type, by the name that stands in `output.type`. */
export const outputTypes = {
  stdout: stdoutOutput,
  file: fileOutput,
  http: httpOutput,
  loki: lokiOutput,
  otlp: otlpOutput,
  splunk_hec: splunkHecOutput,
  kafka: kafkaOutput,
  elasticsearch: elasticsearchOutput,
  s3: s3Output,
  syslog: syslogOutput,
  nats: natsOutput,
  redis: redisOutput,
  socket: socketOutput,
  null: nullOutput,
} as const;

export type OutputTypeName = keyof typeof outputTypes;
