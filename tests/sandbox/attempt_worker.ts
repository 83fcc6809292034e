import { runAttempts } from "./attempt_runner.ts";
import { attempts } from "./attempts.ts";

const scope = self as unknown as {
  postMessage(message: unknown): void;
  onmessage(event: MessageEvent<{ port: number; file: string }>): void;
};

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage({ verdicts: await runAttempts(attempts(data)) });
  } catch (error) {
    scope.postMessage({
      failed: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
    });
  }
};
