import project from "../../deno.json" with { type: "json" };

/** The program's version; `deno.json` is the one place that states it. */
export const VERSION: string = project.version;
