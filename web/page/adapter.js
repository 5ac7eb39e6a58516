// What the browser says of its adapter: the library only knows that it is the browser's.
export async function adapterName() {
  const info = (await navigator.gpu.requestAdapter())?.info;
  const words = [info?.vendor, info?.architecture, info?.description].filter(Boolean);
  return words.length > 0 ? `WebGPU (${words.join(" ")})` : "WebGPU";
}
