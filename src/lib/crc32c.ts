import { crcOf, crcTables } from "./crc.ts";

const TABLES = /* @__PURE__ */ crcTables(0x82f63b78);

/** The CRC-32C (Castagnoli) that Kafka's record batches have, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  return crcOf(bytes, TABLES);
}
