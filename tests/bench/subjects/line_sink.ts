// Takes connections and counts the lines that come. Tells on stdout the port for that, and the port of a server that
// answers requests with the number of lines so far.
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
let lines = 0;

async function count(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  for (let got = await connection.read(buffer); got !== null; got = await connection.read(buffer)) {
    const view = buffer.subarray(0, got);
    for (let at = view.indexOf(0x0a); at !== -1; at = view.indexOf(0x0a, at + 1)) lines++;
  }
  connection.close();
}

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(listener.addr.port, port) },
  () => new Response(String(lines)),
);
for await (const connection of listener) {
  // What is cut off shows in the number.
  count(connection).catch(() => {});
}
