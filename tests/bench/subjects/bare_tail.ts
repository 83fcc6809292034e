// The least that any program on this runtime must do to follow files: look by a timer, read, find line ends, write.
// Arguments: milliseconds between two looks, then the files. Runs until it is killed.
import * as fs from "node:fs";

const [pause, ...paths] = Deno.args;
const buffer = new Uint8Array(256 * 1024);
const files = paths.map((path) => ({ fd: fs.openSync(path, "r"), offset: 0 }));
let lines = 0;

setInterval(() => {
  for (const file of files) {
    for (let count = buffer.length; count === buffer.length;) {
      count = fs.readSync(file.fd, buffer, 0, buffer.length, file.offset);
      const view = buffer.subarray(0, count);
      let end = 0;
      for (let next = view.indexOf(0x0a); next !== -1; next = view.indexOf(0x0a, end)) {
        end = next + 1;
        lines++;
      }
      for (let done = 0; done < end;) done += fs.writeSync(1, buffer, done, end - done);
      file.offset += end;
    }
  }
}, Number(pause));
addEventListener("unload", () => console.error(lines));
