import { type PatternGroup, raw } from "./pattern_group.ts";

const ESCAPED = raw`[^"\\]*(?:\\.[^"\\]*)*`;

/** Access logs of Amazon's services. */
export const aws: PatternGroup = {
  S3_REQUEST_LINE: {
    legacy: raw`(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})`,
    ecs:
      raw`(?:%{WORD:[http][request][method]} %{NOTSPACE:[url][original]}(?: HTTP/%{NUMBER:[http][version]})?)`,
  },
  S3_ACCESS_LOG: {
    legacy:
      raw`%{WORD:owner} %{NOTSPACE:bucket} \[%{HTTPDATE:timestamp}\] (?:-|%{IP:clientip}) %{NOTSPACE:requester} %{NOTSPACE:request_id} %{NOTSPACE:operation} %{NOTSPACE:key} (?:"-"|-|"%{S3_REQUEST_LINE}") (?:-|%{INT:response:int}) (?:-|%{NOTSPACE:error_code}) (?:-|%{INT:bytes:int}) (?:-|%{INT:object_size:int}) (?:-|%{INT:request_time_ms:int}) (?:-|%{INT:turnaround_time_ms:int}) (?:-|%{QS:referrer}) (?:-|"?%{QS:agent}"?) (?:-|%{NOTSPACE:version_id})`,
    ecs:
      raw`%{WORD:[aws][s3access][bucket_owner]} %{NOTSPACE:[aws][s3access][bucket]} \[%{HTTPDATE:timestamp}\] (?:-|%{IP:[client][ip]}) (?:-|%{NOTSPACE:[client][user][id]}) %{NOTSPACE:[aws][s3access][request_id]} %{NOTSPACE:[aws][s3access][operation]} (?:-|%{NOTSPACE:[aws][s3access][key]}) (?:"-"|-|"%{S3_REQUEST_LINE:[aws][s3access][request_uri]}") (?:-|%{INT:[http][response][status_code]:int}) (?:-|%{NOTSPACE:[aws][s3access][error_code]}) (?:-|%{INT:[aws][s3access][bytes_sent]:int}) (?:-|%{INT:[aws][s3access][object_size]:int}) (?:-|%{INT:[event][duration]:int}) (?:-|%{INT:[aws][s3access][turn_around_time]:int}) (?:-|"-"|"(?<[http][request][referrer]>${ESCAPED})") (?:-|"-"|"(?<[user_agent][original]>${ESCAPED})") (?:-|%{NOTSPACE:[aws][s3access][version_id]})(?: (?:-|%{NOTSPACE:[aws][s3access][host_id]}) (?:-|%{NOTSPACE:[aws][s3access][signature_version]}) (?:-|%{NOTSPACE:[aws][s3access][cipher_suite]}) (?:-|%{NOTSPACE:[aws][s3access][authentication_type]}) (?:-|%{NOTSPACE:[aws][s3access][host_header]}) (?:-|%{NOTSPACE:[aws][s3access][tls_version]}))?`,
  },
  ELB_URIPATHPARAM: {
    legacy: raw`%{URIPATH:path}(?:%{URIPARAM:params})?`,
    ecs: raw`%{URIPATH:[url][path]}(?:\?%{URIQUERY:[url][query]})?`,
  },
  ELB_URI: {
    legacy:
      raw`%{URIPROTO:proto}://(?:%{USER}(?::[^@/\s]*)?@)?(?:%{URIHOST:urihost})?(?:%{ELB_URIPATHPARAM})?`,
    ecs:
      raw`%{URIPROTO:[url][scheme]}://(?:%{USER:[url][username]}(?::[^@/\s]*)?@)?(?:%{IPORHOST:[url][domain]}(?::%{POSINT:[url][port]:int})?)?(?:%{ELB_URIPATHPARAM})?`,
  },
  ELB_REQUEST_LINE:
    raw`(?:%{WORD:verb|[http][request][method]} %{ELB_URI:request|[url][original]}(?: HTTP/%{NUMBER:httpversion|[http][version]})?|%{DATA:rawrequest|})`,
  ELB_ACCESS_LOG:
    raw`%{TIMESTAMP_ISO8601:timestamp} %{NOTSPACE:elb|[aws][elb][name]} %{IP:clientip|[source][ip]}:%{INT:clientport:int|[source][port]:int} (?:-|%{IP:backendip|[aws][elb][backend][ip]}:?:%{INT:backendport:int|[aws][elb][backend][port]:int}) %{NUMBER:request_processing_time:float|[aws][elb][request_processing_time][sec]:float} %{NUMBER:backend_processing_time:float|[aws][elb][backend_processing_time][sec]:float} %{NUMBER:response_processing_time:float|[aws][elb][response_processing_time][sec]:float} (?:-|%{INT:response:int|[http][response][status_code]:int}) (?:-|%{INT:backend_response:int|[aws][elb][backend][http][response][status_code]:int}) %{INT:received_bytes:int|[http][request][body][bytes]:int} %{INT:bytes:int|[http][response][body][bytes]:int} "%{ELB_REQUEST_LINE}"(?: "(?:-|(?<agent|[user_agent][original]>${ESCAPED}))" (?:-|%{NOTSPACE:ssl_cipher|[tls][cipher]}) (?:-|%{NOTSPACE:ssl_protocol|[aws][elb][ssl_protocol]}))?`,
  // Columns are separated by tabs, so no column has one.
  CLOUDFRONT_ACCESS_LOG:
    raw`(?<timestamp>%{YEAR}-%{MONTHNUM}-%{MONTHDAY}\t%{TIME})\t(?<x_edge_location|[aws][cloudfront][x_edge_location]>[\w-]+)\t(?:-|%{INT:sc_bytes:int|[destination][bytes]:int})\t%{IPORHOST:clientip|[source][ip]}\t%{WORD:cs_method|[http][request][method]}\t%{HOSTNAME:cs_host|[url][domain]}\t(?<cs_uri_stem|[url][path]>[^\t]*)\t(?:000|%{INT:sc_status:int|[http][response][status_code]:int})\t(?<referrer|[http][request][referrer]>[^\t]*)\t(?<agent|[user_agent][original]>[^\t]*)\t(?<cs_uri_query|[url][query]>[^\t]*)\t(?<cookies|[aws][cloudfront][http][request][cookie]>[^\t]*)\t%{WORD:x_edge_result_type|[aws][cloudfront][x_edge_result_type]}\t(?<x_edge_request_id|[aws][cloudfront][x_edge_request_id]>[^\t]*)\t%{HOSTNAME:x_host_header|[aws][cloudfront][http][request][host]}\t%{URIPROTO:cs_protocol|[network][protocol]}\t(?:-|%{INT:cs_bytes:int|[source][bytes]:int})\t(?<time_taken:float|[aws][cloudfront][time_taken]:float>[^\t]*)\t(?<x_forwarded_for|[network][forwarded_ip]>[^\t]*)\t(?<ssl_protocol|[aws][cloudfront][ssl_protocol]>[^\t]*)\t(?<ssl_cipher|[tls][cipher]>[^\t]*)\t(?<x_edge_response_result_type|[aws][cloudfront][x_edge_response_result_type]>[^\t]*)`,
};
