import { originals, userCode } from "./realm.ts";

const { defineProperty, getOwnPropertyNames, getOwnPropertyDescriptor } = originals;

type Descriptors = Record<string, PropertyDescriptor>;

/**
 * What some functions of `Object` do while a script runs: it makes no getters and setters, no hidden or fixed
 * properties, gets no symbols. What it leaves in a record is then plain data, which later code can read and change
 * without running anything of the script's. For all other code the functions are what they were.
 */
const tamed: Readonly<Record<string, (...parameters: never[]) => unknown>> = {
  defineProperty(object: object, key: PropertyKey, descriptor: PropertyDescriptor) {
    return defineProperty(object, key, userCode.runs ? plainDescriptor(descriptor) : descriptor);
  },
  defineProperties(object: object, descriptors: Descriptors) {
    return userCode.runs ? definePlain(object, descriptors) : originals.defineProperties(object, descriptors);
  },
  create(prototype: object | null, descriptors?: Descriptors) {
    if (!userCode.runs) return originals.create(prototype, descriptors as Descriptors);
    const object = originals.create(prototype);
    return descriptors === undefined ? object : definePlain(object, descriptors);
  },
  freeze(object: object) {
    return userCode.runs ? object : originals.freeze(object);
  },
  seal(object: object) {
    return userCode.runs ? object : originals.seal(object);
  },
  preventExtensions(object: object) {
    return userCode.runs ? object : originals.preventExtensions(object);
  },
  getPrototypeOf(object: object) {
    const prototype: object | null = originals.getPrototypeOf(object);
    return userCode.runs && prototype === originals.regExpPrototype ? null : prototype;
  },
  getOwnPropertySymbols(object: object) {
    return userCode.runs ? [] : originals.getOwnPropertySymbols(object);
  },
  getOwnPropertyDescriptors(object: object) {
    if (!userCode.runs) return originals.getOwnPropertyDescriptors(object);
    const descriptors = originals.create(null);
    for (const name of getOwnPropertyNames(object)) {
      descriptors[name] = getOwnPropertyDescriptor(object, name);
    }
    return descriptors;
  },
};

/** Puts the tamed functions in the place of the originals. */
export function tameObject(): void {
  for (const [name, value] of Object.entries(tamed)) {
    defineProperty(Object, name, { value, writable: true, enumerable: false, configurable: true });
  }
  defineProperty(Error, "captureStackTrace", {
    value: {
      // It makes a getter, too.
      captureStackTrace(object: object, above?: () => unknown) {
        if (!userCode.runs) originals.captureStackTrace(object, above);
      },
    }.captureStackTrace,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}

function definePlain(object: object, descriptors: Descriptors): object {
  for (const name of Object.keys(descriptors)) {
    defineProperty(object, name, plainDescriptor(descriptors[name]));
  }
  return object;
}

function plainDescriptor(descriptor: PropertyDescriptor | undefined): PropertyDescriptor {
  if (descriptor === undefined || "get" in descriptor || "set" in descriptor) {
    throw new TypeError("getters and setters are not available in scripts");
  }
  return { value: descriptor.value, writable: true, enumerable: true, configurable: true };
}
