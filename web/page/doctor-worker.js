// Checks a device's kernels beside the page. The module with the checks is fetched when it is asked for.
import start, { Device, doctor } from "./doctor/halfplane.js";
import { adapterName } from "./adapter.js";

onmessage = async ({ data: { id, device } }) => {
  try {
    await start({ module_or_path: "doctor/halfplane_bg.wasm" });
    if (device === "gpu" && !navigator.gpu) throw new Error("no-webgpu");
    const opened = device === "gpu" ? await Device.gpu() : Device.cpu();
    postMessage({ frame: { device: opened.is_gpu ? await adapterName() : "CPU" } });
    await doctor(opened, (text) => postMessage({ frame: { kernel: JSON.parse(text) } }));
    postMessage({ id, result: null });
  } catch (error) {
    postMessage({ id, error: error.message ?? String(error) });
  }
};
