import assert from "node:assert/strict";
import { ipv4Network, ipv6Network, writeMmdb } from "../support/mmdb_writer.ts";
import { createTransform, eventWith, mistakeOf, TestContext, transformed } from "./support.ts";

const BERLIN = {
  city: { geoname_id: 1, names: { en: "Berlin", de: "Berlin (de)" } },
  continent: { code: "EU", names: { en: "Europe" } },
  country: { iso_code: "DE", names: { en: "Germany", de: "Deutschland" } },
  location: { latitude: 52.5, longitude: 13.4, time_zone: "Europe/Berlin" },
  postal: { code: "10115" },
  subdivisions: [{ iso_code: "BE", names: { en: "Land Berlin" } }],
};
const PLACE = {
  city_name: "Berlin",
  region_name: "Land Berlin",
  region_code: "BE",
  country_name: "Germany",
  country_code: "DE",
  continent_name: "Europe",
  continent_code: "EU",
  postal_code: "10115",
  timezone: "Europe/Berlin",
  latitude: 52.5,
  longitude: 13.4,
  location: { lat: 52.5, lon: 13.4 },
};

const context = new TestContext({
  "city.mmdb": writeMmdb(
    [ipv4Network("81.2.69.0/24", BERLIN), ipv6Network("2001:db8:0000/48", { country: { iso_code: "NL" } })],
    "GeoLite2-City",
  ),
  "asn.mmdb": writeMmdb(
    [ipv4Network("81.2.69.0/24", {
      autonomous_system_number: 64500,
      autonomous_system_organization: "Example",
    })],
    "GeoLite2-ASN",
  ),
  "own.mmdb": writeMmdb([ipv4Network("10.0.0.0/8", { zone: "office", floors: [1, 2], open: true })], "Own"),
  "broken.mmdb": "this is no database",
});

Deno.test("geoip adds the place of an address", async () => {
  const geoip = await createTransform("geoip", { database: "city.mmdb", field: "ip" }, context);
  assert.deepEqual(transformed(geoip, { ip: "81.2.69.142" }), { ip: "81.2.69.142", geoip: PLACE });
  assert.deepEqual(transformed(geoip, { ip: "81.2.69.142:4711" }), { ip: "81.2.69.142:4711", geoip: PLACE });
  assert.deepEqual(transformed(geoip, { ip: "2001:db8::7" }), {
    ip: "2001:db8::7",
    geoip: { country_code: "NL" },
  });
});

Deno.test("geoip adds nothing where nothing is known", async () => {
  const geoip = await createTransform("geoip", { database: "city.mmdb", field: "ip" }, context);
  for (const ip of ["10.0.0.1", "::1", "nonsense", "", 5, null, [1], "__proto__", "1".repeat(100_000)]) {
    assert.deepEqual(transformed(geoip, { ip }), { ip });
  }
  assert.deepEqual(transformed(geoip, {}), {});
});

Deno.test("geoip takes names in a language, and only the fields that are asked for", async () => {
  const geoip = await createTransform(
    "geoip",
    {
      database: "city.mmdb",
      field: "n.ip",
      target: "n.geo",
      language: "de",
      include_fields: ["country_name", "continent_name"],
    },
    context,
  );
  assert.deepEqual(transformed(geoip, { n: { ip: "81.2.69.1" } }), {
    n: { ip: "81.2.69.1", geo: { country_name: "Deutschland", continent_name: "Europe" } },
  });
});

Deno.test("geoip reads databases of other kinds", async () => {
  const asn = await createTransform("geoip", { database: "asn.mmdb", field: "ip" }, context);
  assert.deepEqual((transformed(asn, { ip: "81.2.69.1" }) as { geoip: unknown }).geoip, {
    asn: 64500,
    as_organization: "Example",
  });
  const own = await createTransform("geoip", { database: "own.mmdb", field: "ip" }, context);
  assert.deepEqual((transformed(own, { ip: "10.1.2.3" }) as { geoip: unknown }).geoip, {
    zone: "office",
    floors: [1, 2],
    open: true,
  });
});

Deno.test("geoip gives each event values of its own", async () => {
  const geoip = await createTransform("geoip", { database: "city.mmdb", field: "ip" }, context);
  const first = eventWith({ ip: "81.2.69.1" });
  geoip.apply(first);
  (first.fields.geoip as { location: { lat: number } }).location.lat = 0;
  assert.deepEqual((transformed(geoip, { ip: "81.2.69.1" }) as { geoip: unknown }).geoip, PLACE);
});

Deno.test("geoip survives a database that is damaged inside", async () => {
  const bytes = writeMmdb([ipv4Network("81.2.69.0/24", BERLIN)], "GeoLite2-City");
  const metadata = bytes.findLastIndex((_, at) => bytes[at] === 0xab && bytes[at + 1] === 0xcd);
  let warned = 0;
  for (const [at, fill] of range(0, metadata - 8, 5).flatMap((at) => [[at, 0xff], [at, 0x20]] as const)) {
    const own = new TestContext({ "x.mmdb": bytes.slice().fill(fill, at, at + 8) });
    const geoip = await createTransform("geoip", { database: "x.mmdb", field: "ip" }, own);
    assert.notEqual(transformed(geoip, { ip: "81.2.69.1" }), undefined);
    warned += own.warnings.length;
  }
  assert.ok(warned > 0);
});

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) }, (_, index) => from + index * step);
}

Deno.test("geoip says what is wrong", async () => {
  assert.match(
    await mistakeOf("geoip", { database: "none.mmdb", field: "x" }, context),
    /^database: Cannot read .*does not exist/,
  );
  assert.match(
    await mistakeOf("geoip", { database: "broken.mmdb", field: "x" }, context),
    /^database: Cannot read the database "broken\.mmdb": /,
  );
});
