import { fileInput } from "./file/file_input.ts";
import { httpInput } from "./http/http_config.ts";
import { kubernetesInput } from "./kubernetes/kubernetes_config.ts";
import { syslogInput } from "./syslog/syslog_config.ts";

/** Every input type, by the name that stands under `inputs`. */
export const inputTypes = {
  files: fileInput,
  syslog: syslogInput,
  http: httpInput,
  kubernetes: kubernetesInput,
} as const;

export type InputTypeName = keyof typeof inputTypes;
