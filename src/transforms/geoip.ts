import { Buffer } from "node:buffer";
import type { ProcessingContext } from "../component.ts";
import type { FieldValue, LogEvent } from "../event.ts";
import { KeyError } from "../lib/key_error.ts";
import { BoundedCache } from "./bounded_cache.ts";
import { compileEventKey } from "../encoding/event_template.ts";
import { compileEventPath, type EventPath } from "./event_path.ts";
import { copyOf } from "../encoding/field_value.ts";
import { placeOf } from "./geoip_place.ts";
import { ipAddressIn } from "./ip_address.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Addresses whose place is remembered. */
const REMEMBERED = 8192;

/** Answers what the database has on an address, or null. May throw where the database is damaged. */
type Find = (address: string) => unknown;

/** Adds the place, or what else a database in MaxMind's format knows, of an IP address. */
export async function createGeoip(
  config: TransformOwn<"geoip">,
  context: ProcessingContext,
): Promise<Transform> {
  const { Reader } = await import("mmdb-lib");
  let find: Find;
  try {
    const bytes = context.resources.file(config.database);
    const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const readsIpv6 = reader.metadata.ipVersion === 6;
    find = (address) => readsIpv6 || !address.includes(":") ? reader.get(address) : null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeyError("database", `Cannot read the database "${config.database}": ${reason}`, {
      cause: error,
    });
  }
  return new Geoip(config, context, find);
}

class Geoip implements Transform {
  readonly #config: TransformOwn<"geoip">;
  readonly #context: ProcessingContext;
  readonly #find: Find;
  readonly #address: (event: LogEvent) => string | undefined;
  readonly #target: EventPath;
  /** Null: nothing is known of the address. */
  readonly #known = new BoundedCache<FieldValue>(REMEMBERED);

  constructor(config: TransformOwn<"geoip">, context: ProcessingContext, find: Find) {
    this.#config = config;
    this.#context = context;
    this.#find = find;
    this.#address = compileEventKey(config.field, "field");
    this.#target = compileEventPath(config.target, "target", context);
  }

  apply(event: LogEvent): LogEvent {
    const text = this.#address(event);
    // The longest address, in brackets and with a port, is shorter.
    if (text === undefined || text.length > 64) return event;
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.#look(text);
      this.#known.set(text, place);
    }
    if (place !== null) this.#target.set(event, copyOf(place));
    return event;
  }

  #look(text: string): FieldValue {
    const address = ipAddressIn(text);
    if (address === undefined) return null;
    const { language, include_fields, database } = this.#config;
    try {
      return placeOf(this.#find(address), language, include_fields);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.warn(`Cannot find the place of an address in "${database}": ${reason}`);
      return null;
    }
  }
}
