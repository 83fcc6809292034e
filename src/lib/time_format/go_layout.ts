import { fractionStep, literalSteps, numberStep, Slot, type Step, step, zoneStep } from "./steps.ts";

/**
 * Elements of Go's reference time, Mon Jan 2 15:04:05 2006 -0700; of those that begin alike the longer come first.
 * Names are followed by no lower-case letter, so that "Monitor" is text.
 */
const ELEMENTS: readonly (readonly [RegExp, () => Step])[] = [
  [/January/y, () => step("month")],
  [/Jan(?![a-z])/y, () => step("month")],
  [/Monday/y, () => step("weekday")],
  [/Mon(?![a-z])/y, () => step("weekday")],
  [/MST/y, () => zoneStep(true)],
  [/2006/y, () => numberStep(Slot.YEAR, 4, 4)],
  [/002/y, () => numberStep(Slot.YEAR_DAY, 3, 3)],
  [/__2/y, () => numberStep(Slot.YEAR_DAY, 1, 3, true)],
  // "_2006" is an underscore and a year.
  [/_2(?!006)/y, () => numberStep(Slot.DAY, 1, 2, true)],
  [/01/y, () => numberStep(Slot.MONTH, 2, 2)],
  [/02/y, () => numberStep(Slot.DAY, 2, 2)],
  [/03/y, () => numberStep(Slot.HOUR, 2, 2)],
  [/04/y, () => numberStep(Slot.MINUTE, 2, 2)],
  [/05/y, () => numberStep(Slot.SECOND, 2, 2)],
  [/06/y, () => numberStep(Slot.SHORT_YEAR, 2, 2)],
  [/15/y, () => numberStep(Slot.HOUR, 1, 2)],
  [/1/y, () => numberStep(Slot.MONTH, 1, 2)],
  [/2/y, () => numberStep(Slot.DAY, 1, 2)],
  [/3/y, () => numberStep(Slot.HOUR, 1, 2)],
  [/4/y, () => numberStep(Slot.MINUTE, 1, 2)],
  [/5/y, () => numberStep(Slot.SECOND, 1, 2)],
  [/PM|pm/y, () => step("half")],
  [/[Z-]07(?::?00){0,2}/y, () => zoneStep(false)],
];

/** `.000` or `.999`, with any number of digits; further digits behind them make it text. */
const FRACTION = /[.,](?:0+|9+)(?!\d)/y;

/** The steps of a Go layout. What is no element of it is text, so that any string is a layout. */
export function goLayoutSteps(layout: string): Step[] {
  const steps: Step[] = [];
  let text = "";
  let position = 0;
  while (position < layout.length) {
    const element = elementAt(layout, position);
    if (element === undefined) {
      text += layout.charAt(position++);
      continue;
    }
    // One space of a layout stands for all that a text has there.
    steps.push(...literalSteps(text, 1), element.step);
    text = "";
    position = element.end;
  }
  steps.push(...literalSteps(text, 1));
  return steps;
}

function elementAt(
  layout: string,
  position: number,
): { readonly step: Step; readonly end: number } | undefined {
  FRACTION.lastIndex = position;
  const fraction = FRACTION.exec(layout)?.[0];
  if (fraction !== undefined) {
    const digits = fraction.length - 1;
    // Nines take any number of digits, none too: Go leaves out zeros at the end.
    const isOptional = fraction.endsWith("9");
    const made = isOptional
      ? fractionStep(1, Number.MAX_SAFE_INTEGER, true, true)
      : fractionStep(digits, digits, true, false);
    return { step: made, end: position + fraction.length };
  }
  for (const [pattern, make] of ELEMENTS) {
    pattern.lastIndex = position;
    const match = pattern.exec(layout);
    if (match !== null) return { step: make(), end: position + match[0].length };
  }
  return undefined;
}
