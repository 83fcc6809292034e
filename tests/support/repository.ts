import { fileURLToPath } from "node:url";

/** The path of a module on disk. */
export function fromFileUrl(url: string): string {
  return fileURLToPath(url);
}

/** The top directory of the repository, without a slash at its end. */
export const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** The program's entry. */
export const MAIN = `${REPOSITORY}/src/main.ts`;

interface Settings {
  readonly tasks?: Readonly<Record<string, string | { readonly command: string }>>;
}

/** The flags with which `deno task start` runs the program, so that tests run it as users do. */
export function startFlags(): string[] {
  const settings = JSON.parse(Deno.readTextFileSync(`${REPOSITORY}/deno.json`)) as Settings;
  const task = settings.tasks?.["start"];
  const command = typeof task === "string" ? task : task?.command;
  const flags = command === undefined
    ? []
    : /\bdeno run\s+(.*?)\s*src\/main\.ts/.exec(command)?.[1]?.split(/\s+/) ?? [];
  if (flags.length === 0) {
    throw new Error(`Cannot find the flags of task "start" in deno.json: its command is ${command}`);
  }
  return flags.map((flag) => flag.replaceAll(/["']/g, ""));
}
