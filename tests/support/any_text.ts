import fc from "fast-check";

/** Texts of any code units: mostly what must be escaped in JSON, with halves of surrogate pairs among it. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }));
  return fc.array(unit, { maxLength }).map((codes) => String.fromCharCode(...codes));
}
