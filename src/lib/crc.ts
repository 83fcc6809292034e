/** Eight tables of 256 entries for a reflected polynomial: eight bytes at a time are several times as fast as one. */
export function crcTables(polynomial: number): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    tables[byte] = value;
  }
  for (let at = 256; at < tables.length; at++) {
    const previous = tables[at - 256] ?? 0;
    tables[at] = (previous >>> 8) ^ (tables[previous & 0xff] ?? 0);
  }
  return tables;
}

/** The checksum of 32 bits that `tables` make, as an unsigned number. */
export function crcOf(bytes: Uint8Array, tables: Uint32Array): number {
  const whole = bytes.length - bytes.length % 8;
  let crc = 0xffffffff;
  let at = 0;
  for (; at < whole; at += 8) {
    const low = crc ^
      ((bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
        (bytes[at + 3] ?? 0) << 24);
    crc = (tables[1792 + (low & 0xff)] ?? 0) ^ (tables[1536 + (low >>> 8 & 0xff)] ?? 0) ^
      (tables[1280 + (low >>> 16 & 0xff)] ?? 0) ^ (tables[1024 + (low >>> 24)] ?? 0) ^
      (tables[768 + (bytes[at + 4] ?? 0)] ?? 0) ^ (tables[512 + (bytes[at + 5] ?? 0)] ?? 0) ^
      (tables[256 + (bytes[at + 6] ?? 0)] ?? 0) ^ (tables[bytes[at + 7] ?? 0] ?? 0);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
