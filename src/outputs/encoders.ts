import { type EncoderFactory, lineEncoder, type LineEncoding } from "../encoding/encoder.ts";
import { kafkaEncoder } from "./kafka/kafka_encoder.ts";
import { elasticsearchEncoder } from "./elasticsearch/elasticsearch_encoder.ts";
import { natsEncoder } from "./nats/nats_encoder.ts";
import { redisEncoder } from "./redis/redis_encoder.ts";
import { s3Encoder } from "./s3/s3_encoder.ts";
import { syslogEncoder } from "./syslog/syslog_encoder.ts";
import { httpEncoder } from "./http/http_encoder.ts";
import { lokiEncoder } from "./loki/loki_encoder.ts";
import { otlpEncoder } from "./otlp/otlp_encoder.ts";
import { splunkHecEncoder } from "./splunk_hec/splunk_hec_encoder.ts";

const lines: EncoderFactory = (config, options) =>
  lineEncoder((config as { readonly encoding: LineEncoding }).encoding, options);

/** The encoder of every output type that is built; the part of an output that runs in workers. */
export const encoderTypes: Readonly<Record<string, EncoderFactory>> = {
  stdout: lines,
  file: lines,
  http: httpEncoder,
  kafka: kafkaEncoder,
  loki: lokiEncoder,
  otlp: otlpEncoder,
  splunk_hec: splunkHecEncoder,
  s3: s3Encoder,
  elasticsearch: elasticsearchEncoder,
  syslog: syslogEncoder,
  nats: natsEncoder,
  redis: redisEncoder,
  socket: lines,
  null: lines,
};
