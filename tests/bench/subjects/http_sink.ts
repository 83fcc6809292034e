// Takes requests with records, a line each, and counts them. Records that are event JSON of stamped lines also tell how
// old they are. Arguments: milliseconds at the beginning that do not count. Tells its port on stdout, and the figures so
// far to GET /, the number of records to GET /count.
import { Buffer } from "node:buffer";
import { Ages } from "../stamped_lines.ts";

const MESSAGE = Buffer.from('"message":"');
const ages = new Ages(Number(Deno.args[0]));
let lines = 0;
let requests = 0;

function take(body: Uint8Array): void {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  requests++;
  for (
    let start = 0, end = buffer.indexOf(10);
    end !== -1;
    start = end + 1, end = buffer.indexOf(10, start)
  ) {
    lines++;
    const message = buffer.indexOf(MESSAGE, start);
    if (message !== -1 && message < end) ages.addStamp(buffer, message + MESSAGE.length);
  }
}

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, async (request) => {
  if (request.method === "GET") {
    // The figures of millions of lines take a second, in which nothing is taken.
    const isCount = new URL(request.url).pathname === "/count";
    return Response.json(isCount ? { lines } : { ...ages.figures(), lines, requests });
  }
  take(new Uint8Array(await request.arrayBuffer()));
  return new Response(null, { status: 204 });
});
