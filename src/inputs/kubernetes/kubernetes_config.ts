import type { PlannedType } from "../../component.ts";
import * as schema from "../../lib/schema.ts";

/** Configuration of one entry of `inputs.kubernetes`, without the keys that every input has. */
export const kubernetesConfig = schema.object({
  kubeconfig: schema.string().default("").describe("Kubeconfig file. Empty: the service account of the pod."),
  namespace: schema.string().default("").describe("Namespace of the pods. Empty: all."),
  label_selector: schema.string().describe("Label selector of the pods, as kubectl takes it."),
  field_selector: schema.string().describe("Field selector of the pods, as kubectl takes it."),
  container_pattern: schema.string().describe("Regular expression that container names must match."),
  follow: schema.boolean().default(false).describe("Go on reading as the containers write."),
  include_previous: schema.boolean().default(false).describe(
    "Also read the container that ran before a restart.",
  ),
  tail_lines: schema.integer({ min: 0 }).default(0).describe(
    "Start with this many lines from the end. 0: all lines.",
  ),
  enrich_metadata: schema.boolean().default(false).describe(
    "Add the pod's labels and annotations to each record.",
  ),
  buffer_size: schema.integer({ min: 1 }).default(10000).describe("Records kept while the pipeline is busy."),
});

/** Container logs through the Kubernetes API. */
export const kubernetesInput: PlannedType<schema.Infer<typeof kubernetesConfig>> = {
  schema: kubernetesConfig,
  example: { namespace: "shop", label_selector: "app=web", follow: true },
  planned: "inputs from the network",
};
