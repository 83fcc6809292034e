/** A value of a database in MaxMind's format; integers are written as uint32, other numbers as doubles. */
export type MmdbValue = string | number | boolean | readonly MmdbValue[] | {
  readonly [key: string]: MmdbValue;
};

/** A network, as the bits of its prefix: `network("10.0.0.0/8")`. */
export interface MmdbNetwork {
  readonly bits: readonly number[];
  readonly value: MmdbValue;
}

const METADATA_MARKER = [0xab, 0xcd, 0xef, ...new TextEncoder().encode("MaxMind.com")];
const TYPES = { string: 2, double: 3, map: 7, uint32: 6, array: 11, boolean: 14 } as const;

/** The bits of an IPv4 network within IPv6, where such databases have them: behind 96 zeros. */
export function ipv4Network(cidr: string, value: MmdbValue): MmdbNetwork {
  const [address, length] = cidr.split("/");
  const bits = address!.split(".").flatMap((part) => bitsOf(Number(part), 8));
  return { bits: [...Array(96).fill(0), ...bits.slice(0, Number(length))], value };
}

/** The bits of an IPv6 network whose groups are all written out up to its length. */
export function ipv6Network(cidr: string, value: MmdbValue): MmdbNetwork {
  const [address, length] = cidr.split("/");
  const groups = address!.split(":").filter((group) => group !== "");
  const bits = groups.flatMap((group) => bitsOf(Number.parseInt(group, 16), 16));
  return { bits: [...bits, ...Array(128).fill(0)].slice(0, Number(length)), value };
}

type Node = { children: [Node | number | undefined, Node | number | undefined] };

/**
 * A database with 32-bit records:
 *
 *     search tree (two records a node) │ 16 zeros │ data │ marker │ metadata
 *
 * A record is the number of a node, the number of nodes (nothing there), or that plus 16 plus an offset in the data.
 */
export function writeMmdb(networks: readonly MmdbNetwork[], databaseType: string): Uint8Array<ArrayBuffer> {
  const root: Node = { children: [undefined, undefined] };
  const data: number[] = [];
  for (const { bits, value } of networks) {
    let node = root;
    for (const bit of bits.slice(0, -1)) {
      const next = node.children[bit as 0 | 1];
      if (typeof next === "object") node = next;
      else node = node.children[bit as 0 | 1] = { children: [undefined, undefined] };
    }
    node.children[bits.at(-1) as 0 | 1] = data.length;
    data.push(...encode(value));
  }
  const nodes: Node[] = [root];
  for (let i = 0; i < nodes.length; i++) {
    for (const child of nodes[i]!.children) if (typeof child === "object") nodes.push(child);
  }
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const tree = nodes.flatMap(({ children }) =>
    children.flatMap((child) =>
      bytesOf(
        child === undefined
          ? nodes.length
          : typeof child === "number"
          ? nodes.length + 16 + child
          : numbers.get(child)!,
        4,
      )
    )
  );
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1714564800,
    database_type: databaseType,
    description: { en: "test" },
    ip_version: 6,
    languages: ["en"],
    node_count: nodes.length,
    record_size: 32,
  });
  return Uint8Array.from([...tree, ...Array(16).fill(0), ...data, ...METADATA_MARKER, ...metadata]);
}

function encode(value: MmdbValue): number[] {
  if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value);
    return [...control(TYPES.string, bytes.length), ...bytes];
  }
  if (typeof value === "boolean") return control(TYPES.boolean, value ? 1 : 0);
  if (typeof value === "number") {
    if (Number.isInteger(value) && value >= 0) return [...control(TYPES.uint32, 4), ...bytesOf(value, 4)];
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return [...control(TYPES.double, 8), ...new Uint8Array(view.buffer)];
  }
  if (Array.isArray(value)) return [...control(TYPES.array, value.length), ...value.flatMap(encode)];
  const entries = Object.entries(value);
  return [
    ...control(TYPES.map, entries.length),
    ...entries.flatMap(([key, item]) => [...encode(key), ...encode(item)]),
  ];
}

/** Type and size; types above 7 have a byte of their own. Sizes up to 284. */
function control(type: number, size: number): number[] {
  const low = Math.min(size, 29);
  const rest = size < 29 ? [] : [size - 29];
  return type > 7 ? [low, type - 7, ...rest] : [(type << 5) | low, ...rest];
}

function bitsOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1);
}

function bytesOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(value / 256 ** (count - 1 - index)) % 256);
}
