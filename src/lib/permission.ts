/** One thing that a configuration needs from the operating system, as Deno's permission flags name it. */
export type PermissionNeed =
  | { readonly name: "read" | "write"; readonly path: string; readonly why: string }
  | { readonly name: "net"; readonly host: string; readonly why: string }
  | { readonly name: "env"; readonly variable: string; readonly why: string }
  | { readonly name: "sys"; readonly kind: string; readonly why: string };
