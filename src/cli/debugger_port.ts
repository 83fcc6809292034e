const ADDRESS = "127.0.0.1:9229";

/**
 * Occupies the port on which Deno would open its debugger at a SIGUSR1, if that is permitted. Closing the
 * debugger afterwards leaves a few milliseconds in which a local program that waits for it can run code here;
 * an occupied port leaves none. Resolves with whether the port is occupied, by us or by anybody else.
 */
export async function occupyDebuggerPort(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "net", host: ADDRESS });
  if (state !== "granted" || Deno.build.os === "windows") return false;
  try {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 9229 });
    listener.unref();
    void refuseAll(listener);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
  return true;
}

async function refuseAll(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) connection.close();
}
