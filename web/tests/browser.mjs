// Debian's Chromium without a window: WebGPU on its software adapter, and no word to anybody outside.
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export function launch({ webgpu = true, executable = "/usr/bin/chromium" } = {}) {
  const more = webgpu ? WEBGPU : ["--disable-features=WebGPU", "--disable-gpu"];
  return chromium.launch({ executablePath: executable, args: [...FLAGS, ...more] });
}
