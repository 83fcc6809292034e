import type { Fields, FieldValue } from "../event.ts";
import { getField } from "../lib/field_path.ts";
import { asFieldValue, isFields } from "../encoding/field_value.ts";

/**
 * What a record of the database says in short: the well-known databases (City, Country, ASN, ISP, …) by flat names
 * such as `city_name`, others as they are. Null if nothing is left. `names`: only these; empty: all.
 */
export function placeOf(record: unknown, language: string, names: readonly string[]): FieldValue {
  const fields = asFieldValue(record);
  if (!isFields(fields)) return null;
  const place = isWellKnown(fields) ? shortPlace(fields, language) : fields;
  const chosen = Object.entries(place).filter(([name, value]) =>
    value !== undefined && (names.length === 0 || names.includes(name))
  );
  return chosen.length === 0 ? null : asFieldValue(Object.fromEntries(chosen));
}

/** Whether a record has the shape of MaxMind's own databases; others may use the same names for something else. */
function isWellKnown(record: Fields): boolean {
  return ["country", "registered_country", "continent", "city", "location"].some((name) =>
    objectIn(record, name) !== undefined
  ) || record.autonomous_system_number !== undefined;
}

function shortPlace(record: Fields, language: string): Fields {
  const country = objectIn(record, "country") ?? objectIn(record, "registered_country");
  const continent = objectIn(record, "continent");
  const region = firstOf(record, "subdivisions");
  const location = objectIn(record, "location");
  const latitude = location?.latitude;
  const longitude = location?.longitude;
  const traits = objectIn(record, "traits");
  return {
    city_name: nameIn(objectIn(record, "city"), language),
    region_name: nameIn(region, language),
    region_code: region?.iso_code,
    country_name: nameIn(country, language),
    country_code: country?.iso_code,
    continent_name: nameIn(continent, language),
    continent_code: continent?.code,
    postal_code: objectIn(record, "postal")?.code,
    timezone: location?.time_zone,
    latitude,
    longitude,
    // As Elasticsearch takes points.
    location: typeof latitude === "number" && typeof longitude === "number"
      ? { lat: latitude, lon: longitude }
      : undefined,
    asn: record.autonomous_system_number ?? traits?.autonomous_system_number,
    as_organization: record.autonomous_system_organization ?? traits?.autonomous_system_organization,
    isp: record.isp ?? traits?.isp,
    organization: record.organization ?? traits?.organization,
    domain: record.domain ?? traits?.domain,
    connection_type: record.connection_type ?? traits?.connection_type,
  };
}

function objectIn(record: Fields, name: string): Fields | undefined {
  const value = getField(record, name);
  return isFields(value) ? value : undefined;
}

function firstOf(record: Fields, name: string): Fields | undefined {
  const list = getField(record, name);
  const first = Array.isArray(list) ? list[0] : undefined;
  return isFields(first) ? first : undefined;
}

/** The name in the language that is asked for; else in English, else in any. */
function nameIn(place: Fields | undefined, language: string): FieldValue | undefined {
  const names = place === undefined ? undefined : objectIn(place, "names");
  if (names === undefined) return undefined;
  return getField(names, language) ?? names.en ?? Object.values(names)[0];
}
