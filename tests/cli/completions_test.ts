import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.ts";
import { completionScript, SHELLS } from "../../src/cli/completions.ts";

Deno.test("completionScript knows every command and option in every shell", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, COMMANDS);
    for (const { name, options } of COMMANDS) {
      for (const word of name.split(" ")) assert.ok(script.includes(word), `${shell}: ${word}`);
      for (const option of options) assert.ok(script.includes(option.name), `${shell}: ${option.name}`);
    }
  }
});

async function shellOutput(shell: string, args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(shell, { args, stdin: "null" }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("completionScript completes in bash", async () => {
  const complete = async (...words: string[]) =>
    (await shellOutput("bash", [
      "--norc",
      "-c",
      `${completionScript("bash", COMMANDS)}
COMP_WORDS=(logaggregator "$@"); COMP_CWORD=$#; _logaggregator; echo "\${COMPREPLY[@]}"`,
      "bash",
      ...words,
    ]))?.split(" ");
  const first = await complete("");
  if (first === undefined) return;
  for (const { name } of COMMANDS) assert.ok(first.includes(name.split(" ")[0]!));
  assert.deepEqual(await complete("perm"), ["permissions"]);
  assert.deepEqual(await complete("run", "--on"), ["--once"]);
  assert.deepEqual(await complete("--on"), ["--once"]);
  assert.deepEqual(await complete("run", "--log-level", "w"), ["warn"]);
  assert.deepEqual(await complete("completions", "f"), ["fish"]);
  assert.deepEqual(
    await complete("run", "--config", "/etc/host"),
    await complete("run", "-config", "/etc/host"),
  );
});

Deno.test("completionScript is valid in zsh and fish where they are installed", async () => {
  await shellOutput("zsh", ["-n", "-c", completionScript("zsh", COMMANDS)]);
  await shellOutput("fish", ["--no-config", "-n", "-c", completionScript("fish", COMMANDS)]);
});
