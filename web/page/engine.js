// The page's side of the worker: calls that answer with promises, and frames as they come.

export class Engine {
  #worker = null;
  #waiting = new Map();
  #number = 0;
  #kind;
  onframe = () => {};
  onfailed = () => {};

  // `all` takes the larger module, which reads Parquet and checks kernels, too.
  constructor(kind = "") {
    this.become(kind);
  }

  // Goes on with the other module: in a worker that knows nothing yet.
  become(kind) {
    if (this.#kind === kind) return;
    this.#kind = kind;
    this.#worker?.terminate();
    this.#worker = new Worker(kind ? `worker.js?${kind}` : "worker.js", { type: "module" });
    this.#worker.onmessage = ({ data }) => {
      if (data.frame) this.onframe(data.frame);
      else if (data.failed) this.onfailed(data.failed);
      else this.#answer(data);
    };
    this.#worker.onerror = (event) => this.onfailed(event.message ?? "the worker does not start");
  }

  #answer({ id, result, error }) {
    const { resolve, reject } = this.#waiting.get(id) ?? {};
    this.#waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error));
  }

  call(name, values = {}) {
    const id = (this.#number += 1);
    this.#worker.postMessage({ id, call: name, ...values });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  // Ends the worker, whatever it is doing.
  end() {
    this.#worker.terminate();
  }

  // The last frame has been drawn: another one may come.
  drawn() {
    this.#worker.postMessage({ call: "drawn" });
  }
}
