/** One place where a value is not what was expected. Texts are JSON; undefined: there is nothing. */
export interface Difference {
  readonly path: string;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
}

/**
 * Compares an event with what was expected of it. Only what is expected counts, in objects at any depth; with `exact`
 * also whatever else is there.
 */
export function differences(expected: unknown, actual: unknown, exact: boolean, path = ""): Difference[] {
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...(exact ? Object.keys(actual) : [])]);
    return [...keys].flatMap((key) =>
      differences(expected[key], actual[key], exact, path === "" ? key : `${path}.${key}`)
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, index) => differences(item, actual[index], exact, `${path}[${index}]`));
  }
  const [wanted, is] = [textOf(expected), textOf(actual)];
  return wanted === is ? [] : [{ path, expected: wanted, actual: is }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
