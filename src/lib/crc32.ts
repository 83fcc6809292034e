import { crcOf, crcTables } from "./crc.ts";

const TABLES = /* @__PURE__ */ crcTables(0xedb88320);

/**
 * The CRC-32 of gzip and PNG, as an unsigned number. For small data: `node:zlib` has a faster one, but to load it
 * costs about 20 ms at start.
 */
export function crc32(bytes: Uint8Array): number {
  return crcOf(bytes, TABLES);
}
