import type { EncodedBatch } from "../../src/batch.ts";
import type { BatchBuffer, BufferedBatch } from "../../src/buffers/batch_buffer.ts";
import { MemoryBuffer } from "../../src/buffers/memory.ts";
import { WalBuffer } from "../../src/buffers/wal/wal_buffer.ts";
import type {
  CheckpointParticipant,
  CheckpointStore,
  JsonObject,
} from "../../src/checkpoints/checkpoint_store.ts";
import { CheckpointTracker } from "../../src/checkpoints/checkpoint_tracker.ts";
import { Participants } from "../../src/checkpoints/participants.ts";
import { RecordTable } from "../../src/checkpoints/record_table.ts";
import { apply, emptyImage, type StoreImage } from "../../src/checkpoints/store_image.ts";
import type { Config } from "../../src/config/config.ts";
import { Lead } from "../../src/delivery/lead.ts";
import { LoggedState } from "../../src/delivery/logged_state.ts";
import { silentLog } from "../../src/lib/log.ts";
import { ALL_SENT, type Output, type SendResult } from "../../src/outputs/output.ts";
import { PositionStores } from "../../src/position_stores.ts";
import { batchOf, recordsOf } from "../contracts/batches.ts";
import { configOf } from "../inputs/file/support.ts";
import { SimulatedDisk } from "./simulated_disk.ts";

const KEY = "file:out";

/** What outlives a process: a file that an output has written, logs, checkpoints, and what the inputs can read. */
export class World {
  file: string[] = [];
  disk = new SimulatedDisk();
  readonly images = new Map<string, StoreImage>();
  /** Records that were written to the inputs. */
  readonly written = [0, 0];
  /** How stores find what they saved. */
  condition: CheckpointStore["condition"] = "intact";
}

/** The state of the output that a store has saved; or replaces it. */
export function stateIn(world: World, directory: string, ...replacement: [(JsonObject | undefined)?]) {
  const states = world.images.get(directory)?.states ?? new Map<string, string>();
  if (replacement.length > 0) {
    const [state] = replacement;
    if (state === undefined) states.delete(KEY);
    else states.set(KEY, JSON.stringify(state));
  }
  const text = states.get(KEY);
  return text === undefined ? undefined : JSON.parse(text) as JsonObject;
}

/** A process that may be killed: nothing it does after that leaves a trace. */
interface Process {
  readonly isAlive: boolean;
}

/** A checkpoint store with the real table and participants, and a commit that is a change in memory. */
class ModelStore implements CheckpointStore {
  isFailing = false;
  readonly #participants = new Participants();
  readonly #records: RecordTable;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    readonly directory: string,
    readonly condition: CheckpointStore["condition"],
    private readonly image: StoreImage,
    private readonly process: Process,
  ) {
    this.#records = new RecordTable(image.records);
  }
  get(key: string): JsonObject | undefined {
    return this.#records.get(key);
  }
  entries(): Iterable<readonly [string, JsonObject]> {
    return this.#records.entries();
  }
  set(key: string, value: JsonObject | (() => JsonObject)): void {
    this.#records.set(key, value);
  }
  delete(key: string): void {
    this.#records.delete(key);
  }
  persist(): Promise<void> {
    return Promise.resolve();
  }
  flush(): Promise<void> {
    const done = this.#queue.then(() => this.#flush());
    this.#queue = done.catch(() => {});
    return done;
  }
  join(participant: CheckpointParticipant): void {
    this.#participants.join(participant, () => this.flush());
  }
  leave(participant: CheckpointParticipant): void {
    this.#participants.leave(participant);
  }
  forgetOthers(): void {
    this.#participants.forgetOthers();
  }
  stateOf(key: string): JsonObject | undefined {
    const text = this.image.states.get(key);
    return this.#participants.leftBy(key) ?? (text === undefined ? undefined : JSON.parse(text));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush().catch(() => {});
  }
  async #flush(): Promise<void> {
    const states = this.#participants.collect(this.image.states);
    const records = this.#records.collect(this.image.records);
    const changes = await states.sync();
    if (this.isFailing || !this.process.isAlive) {
      this.#records.touch(records.keys());
      throw new Error("disk full");
    }
    for (const change of [...changes, ...records.values()]) apply(this.image, change);
    states.saved();
  }
}

/** An output whose state is how much it has written, with the rules of the `file` output. */
class ModelOutput implements Output {
  readonly participant: CheckpointParticipant = {
    key: KEY,
    snapshot: () => ({ state: this.#state(), sync: () => Promise.resolve() }),
    restore: (state, replayable) => {
      const length = state?.["length"];
      this.#restored = { length: typeof length === "number" ? length : undefined, replayable };
    },
  };
  #restored: { readonly length: number | undefined; readonly replayable: boolean } | undefined;
  #isRegistered = false;

  constructor(private readonly world: World, private readonly process: Process) {}

  open(): Promise<void> {
    if (!this.process.isAlive || this.#restored === undefined) return Promise.resolve();
    const { length = this.world.file.length, replayable } = this.#restored;
    if (replayable) this.world.file = this.world.file.slice(0, length);
    this.#isRegistered = this.#restored.length === this.world.file.length;
    this.#restored = undefined;
    return Promise.resolve();
  }
  async send(batch: EncodedBatch): Promise<SendResult> {
    if (!this.#isRegistered) await this.participant.commit?.();
    this.#isRegistered = true;
    if (!this.process.isAlive) throw new Error("killed");
    this.world.file.push(...recordsOf(batch));
    return ALL_SENT;
  }
  partitionOf(): string {
    return "";
  }
  async [Symbol.asyncDispose](): Promise<void> {}

  #state(): JsonObject {
    if (this.#restored === undefined) return { length: this.world.file.length };
    return this.#restored.length === undefined ? {} : { length: this.#restored.length };
  }
}

/** What an agent is configured with. */
export interface Setup {
  /** Without a log, or with the log of this name. */
  readonly buffer: "memory" | "a" | "b";
  /** The second of two inputs has its positions in another store. */
  readonly inputs: 1 | 2;
}

/** An agent with one output, which does what it is told. */
export class Life implements Process {
  isAlive = true;
  readonly #world: World;
  readonly #setup: Setup;
  readonly #config: Pick<Config, "inputs">;
  readonly #open: ModelStore[] = [];
  readonly #stores: PositionStores;
  readonly #output: ModelOutput;
  readonly #lead: Lead;
  readonly #logged: LoggedState | undefined;
  readonly #buffer: BatchBuffer;
  /** How far each input has read. */
  readonly #read: number[] = [];
  readonly #tracker = new CheckpointTracker<number>({
    advance: (input, position) => this.#open[Number(input)]?.set(input, { position }),
    failed: () => {},
  });
  #reader: AsyncIterator<BufferedBatch> | undefined;

  constructor(world: World, setup: Setup) {
    this.#world = world;
    this.#setup = setup;
    const inputs = ["/one", "/two"].slice(0, setup.inputs).map((directory) => ({
      ...{ type: "files" as const, name: directory, path: "", parsers: [], transforms: [] },
      config: configOf({ checkpoint_path: directory }),
    }));
    this.#config = { inputs };
    this.#stores = new PositionStores(silentLog, ({ directory }) => {
      const image = world.images.get(directory) ?? emptyImage();
      world.images.set(directory, image);
      const store = new ModelStore(directory, world.condition, image, this);
      this.#open.push(store);
      return Promise.resolve(store);
    });
    this.#output = new ModelOutput(world, this);
    this.#lead = new Lead("out", this.#output.participant);
    this.#logged = setup.buffer === "memory" ? undefined : new LoggedState(this.#lead);
    this.#buffer = this.#logged === undefined
      ? new MemoryBuffer({ events: 1000, bytes: 100_000 })
      : new WalBuffer({
        ...{ directory: `/${setup.buffer}`, files: world.disk, participant: this.#logged, log: silentLog },
        ...{ segmentBytes: 700, maxSegments: 1000, syncInterval: 0, compression: "none", compaction: "size" },
        cursorInterval: 3_600_000,
      });
  }

  /** The steps of a start, one after the other, as the agent does them. */
  starting(replayable: boolean): (() => Promise<void>)[] {
    const line = { output: this.#output, lead: this.#lead, logged: this.#logged, buffer: this.#buffer };
    return [
      () => this.#stores.open(this.#config),
      () => {
        this.#stores.restore([line], this.#config, replayable);
        this.#stores.forgetOthers();
        return Promise.resolve();
      },
      () => this.#buffer.open(),
      () => this.#output.open(),
      async () => {
        await this.#stores.ready(line);
        this.#reader = this.#buffer.read(new AbortController().signal)[Symbol.asyncIterator]();
      },
    ];
  }

  /** Has an input read so many records, which are written to it where there are none left. */
  offer(input: number, count: number): void {
    const store = this.#open[input];
    if (store === undefined) return;
    const stream = String(input);
    const start = this.#read[input] ?? Number(store.get(stream)?.["position"] ?? 0);
    const end = this.#read[input] = start + count;
    this.#world.written[input] = Math.max(this.#world.written[input] ?? 0, end);
    const first = Math.max(start, this.#buffer.knownUntil?.(stream) ?? 0);
    const numbers = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
    const ids = {
      origins: [{ id: stream, end: numbers.length, until: end }],
      offsets: new Float64Array(numbers),
    };
    const batch = { ...batchOf(numbers.map((number) => `${stream}:${number}`)), ids };
    const settled = numbers.length === 0 ? Promise.resolve("delivered" as const) : this.#buffer.write(batch);
    this.#tracker.track(stream, end, { settled });
  }

  /** Has all inputs read to the end. */
  offerAll(): void {
    for (let input = 0; input < this.#setup.inputs; input++) {
      this.offer(input, 0);
      this.offer(input, Math.max(0, (this.#world.written[input] ?? 0) - (this.#read[input] ?? 0)));
    }
  }

  /** Sends one batch, if there is one. */
  async send(): Promise<boolean> {
    if (this.#reader === undefined || this.#buffer.events === 0) return false;
    const { value } = await this.#reader.next();
    await this.#output.send(value.batch);
    value.release("delivered");
    return true;
  }

  /** Saves positions and states; or nothing, from now on. */
  async flush(store: number): Promise<void> {
    await this.#open[store]?.flush();
  }

  failToSave(isFailing: boolean): void {
    for (const store of this.#open) store.isFailing = isFailing;
  }

  /** Saves how far the log has been delivered. */
  async saveCursor(): Promise<void> {
    if (this.#logged !== undefined) await this.#logged.commit?.();
  }

  kill(): void {
    this.isAlive = false;
    this.#world.disk = this.#world.disk.afterKill();
    for (const [directory, image] of this.#world.images) {
      this.#world.images.set(directory, {
        sequence: 0,
        records: new Map(image.records),
        states: new Map(image.states),
      });
    }
    void this.#buffer[Symbol.asyncDispose]();
  }

  /** Ends in order; what was not sent stays in the log, or is read again. */
  async stop(): Promise<void> {
    await this.#buffer[Symbol.asyncDispose]();
    await this.#tracker.idle();
    await this.#stores.close();
  }
}
