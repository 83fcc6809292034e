import { Buffer } from "node:buffer";
import type { Conduct } from "./line_server.ts";

/** What becomes of a message; undefined: it is kept and acknowledged. */
export type RelpFault = "refuse" | "no answer" | "kept without answer" | undefined;

/** The part of a RELP server that answers; a LineServer listens for it. */
export class RelpAnswers {
  /** Messages that were kept. */
  readonly messages: string[] = [];
  readonly commands: string[] = [];
  fault: (message: string) => RelpFault = () => undefined;
  /** What is said to those who open a session. */
  greeting = "200 OK\nrelp_version=0\nrelp_software=test\ncommands=syslog";

  /** For the option `conduct` of a LineServer. */
  readonly conduct = (): Conduct => {
    let rest = Buffer.alloc(0);
    return {
      answer: (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        let answers = "";
        for (;;) {
          const [head, txnr = "", command = "", length = "0"] =
            /^(\d+) (\w+) (\d+)[ \n]/.exec(rest.subarray(0, 40).toString("latin1")) ?? [];
          if (head === undefined) break;
          const size = Number(length);
          const end = size === 0 ? head.length - 1 : head.length + size;
          if (rest.length <= end) break;
          if (rest[end] !== 10) throw new Error("a frame has another length than told");
          const data = size === 0 ? "" : rest.subarray(head.length, end).toString("utf8");
          rest = rest.subarray(end + 1);
          answers += this.#answer(txnr, command, data);
        }
        return answers === "" ? undefined : answers;
      },
    };
  };

  #answer(txnr: string, command: string, data: string): string {
    this.commands.push(command);
    if (command === "open") return `${txnr} rsp ${Buffer.byteLength(this.greeting)} ${this.greeting}\n`;
    if (command !== "syslog") return `${txnr} rsp 0\n0 serverclose 0\n`;
    const fault = this.fault(data);
    if (fault === "refuse") return `${txnr} rsp 13 500 disk full\n`;
    if (fault === "no answer") return "";
    this.messages.push(data);
    return fault === undefined ? `${txnr} rsp 6 200 OK\n` : "";
  }
}
