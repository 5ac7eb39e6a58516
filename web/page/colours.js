// Colours of classes and numbers: those of the program's own pictures, on light and dark paper.

const CLASSES = [
  [66, 105, 208], [239, 177, 24], [255, 114, 92], [60, 169, 81], [164, 99, 242],
  [108, 197, 176], [255, 138, 183], [156, 107, 78], [151, 187, 245], [148, 152, 160],
];
const VIRIDIS = [
  [68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37],
];

export const css = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;
export const ofClass = (number) => CLASSES[number % CLASSES.length];

export function ofNumber(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const index = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return mix(VIRIDIS[index], VIRIDIS[index + 1], at - index);
}

export function mix(a, b, share) {
  return a.map((value, at) => Math.round(value + (b[at] - value) * share));
}

// Paper and ink as the style sheet has them now.
export function paper() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim().split(/\s+/).map(Number);
  return { paper: of("--paper-rgb"), ink: of("--ink-rgb"), muted: of("--muted-rgb") };
}

// A neuron's picture: 0 is class 0's colour, 127 paper, 254 class 1's.
export function neuronTable({ paper: ground }) {
  const table = new Uint8ClampedArray(256 * 4);
  for (let byte = 0; byte < 256; byte += 1) {
    const share = (byte - 127) / 127;
    const colour = mix(ground, ofClass(share < 0 ? 0 : 1), Math.min(Math.abs(share), 1) ** 0.8 * 0.92);
    table.set([...colour, 255], 4 * byte);
  }
  return table;
}

// A point of the decision picture: its class and how sure of it the network is, or a number.
export function outputColour(kind, sure, ground) {
  if (kind === 255) return mix(ground, ofNumber(sure / 254), 0.82);
  return mix(ground, ofClass(kind), 0.08 + 0.62 * (sure / 254));
}
