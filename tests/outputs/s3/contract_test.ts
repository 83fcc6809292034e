import { outputContract } from "../../contracts/output_contract.ts";
import { Bucket } from "./support.ts";

outputContract("S3Output", () => {
  const bucket = new Bucket();
  return Promise.resolve({
    output: bucket.create({ encoding: "text" }),
    received: () => new TextDecoder().decode(bucket.server.bytes()),
    remove: () => bucket[Symbol.asyncDispose](),
  });
});
