"""Makes a Markdown table of ratios from samples."""

import json
from statistics import median

# Variants of one peer: the faster one is compared with.
VARIANTS = {"burn-flex": ("burn-flex", "burn-flex-1")}


def last_run(path):
    """The head and the records of the last run in a file of JSON lines."""
    head, records = None, []
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if record["event"] == "run":
            head, records = record, []
        else:
            records.append(record)
    if head is None:
        raise ValueError(f"{path} holds no run")
    return head, records


class Samples:
    """The samples with correct losses, by program and workload."""

    def __init__(self, records):
        self.right = {}
        for record in records:
            if record["event"] == "sample" and not record.get("wrong"):
                self.right.setdefault((record["program"], record["workload"]), []).append(record)

    def programs(self):
        return list(dict.fromkeys(program for program, _ in self.right))

    def workloads(self):
        return list(dict.fromkeys(workload for _, workload in self.right))

    def seconds(self, program, workload, what="seconds"):
        """The median over the samples, of the fastest variant; None without samples."""
        medians = [
            median(sample[what] for sample in self.right[variant, workload])
            for variant in VARIANTS.get(program, (program,))
            if (variant, workload) in self.right
        ]
        return min(medians, default=None)

    def own_seconds(self, program, workload):
        samples = self.right.get((program, workload))
        return median(sample["seconds"] for sample in samples) if samples else None


def digits(number):
    """Three significant digits, with trailing zeros."""
    return f"{number:#.3g}".rstrip(".")


def duration(seconds):
    return f"{digits(seconds)} s" if seconds >= 1 else f"{digits(1e3 * seconds)} ms"


def plain_ratio(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def speed(gflops):
    return f"{gflops:,.0f}" if gflops >= 10 else f"{gflops:.2g}"


def judged(value, limit, show=plain_ratio):
    """A value with its limit, marked where it exceeds it; empty without a value."""
    if value is None:
        return ""
    if limit is None:
        return show(value)
    return f"{show(value)} (≤ {show(limit)})" if value <= limit else f"**{show(value)}**, behind: ≤ {show(limit)} wanted"


def rows(header, lines):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def ratio_rows(samples, workloads, targets):
    for target in targets["ratios"]:
        cells = []
        for workload in workloads:
            ours = samples.seconds(target["ours"], workload)
            peer = samples.seconds(target["peer"], workload)
            ratio = ours / peer if ours and peer else None
            cells.append(judged(ratio, target["at_most"].get(workload)))
        if any(cells):
            yield [f"{target['ours']} / {target['peer']}", *cells]


def upload_rows(samples, workloads, targets):
    for target in targets["upload_to_weights_seconds"]:
        cells = []
        for workload in workloads:
            total = samples.seconds(target["ours"], workload, "total_seconds")
            limit = target["at_most"].get(workload)
            cells.append(judged(total, limit, duration) if limit else "")
        if any(cells):
            yield [f"{target['ours']}, upload to final weights", *cells]


def flops(workload):
    """FLOPs of a workload: forward, weight gradients, and input gradients of all layers but the first."""
    pairs = list(zip(workload["widths"], workload["widths"][1:]))
    products = [2 * inputs * outputs for inputs, outputs in pairs]
    return workload["steps"] * workload["batch"] * (3 * sum(products) - products[0])


def gemm_lines(records, samples, targets, workloads):
    """Our matrix products beside a vendor's, and `field` relative to the vendor's fastest product."""
    vendor = {}
    for record in records:
        if record["event"] == "gemm" and record["program"].startswith("torch"):
            vendor[record["on"], record["operation"], record["m"], record["n"], record["k"]] = record
    lines = []
    for record in records:
        key = (record.get("on"), record.get("operation"), record.get("m"), record.get("n"), record.get("k"))
        if record["event"] == "gemm" and record["program"].startswith("halfplane") and key in vendor:
            share = record["gflops"] / vendor[key]["gflops"]
            wanted = targets["gemm_share_of_cublas"] if record["program"] == "halfplane-gpu" else 0
            text = f"{share:.2f}" if share >= wanted else f"**{share:.2f}**, behind: ≥ {wanted:g} wanted"
            size = f"{record['m']} × {record['n']} × {record['k']}"
            speeds = (speed(record["gflops"]), speed(vendor[key]["gflops"]))
            lines.append([record["operation"], size, record["program"], *speeds, text])
    if not lines:
        return
    yield "Matrix products, each alone, in GFLOP/s (m × n × k):"
    yield ""
    yield from rows(["operation", "size", "program", "ours", "PyTorch's library", "share"], lines)
    best = max((r["gflops"] for r in vendor.values() if r["program"] == "torch-cuda"), default=None)
    strategies = (samples.seconds(name, "field") for name in ("halfplane-gpu", "halfplane-gpu-fused"))
    seconds = min(filter(None, strategies), default=None)
    if best and seconds:
        share = 1e-9 * flops(workloads["field"]) / seconds / best
        wanted = targets["field_share_of_arithmetic_limit"]
        verdict = "reached" if share >= wanted else f"behind: {wanted:g} wanted"
        yield f"`field` on the GPU runs at {share:.2f} of the vendor's best product ({verdict})."
        yield ""


def extra_lines(records, targets):
    for record in records:
        match record["event"]:
            case "start":
                text = judged(record["seconds"], targets["start_seconds"], duration)
                yield f"- `halfplane train xor --device cpu`, exec to exit: {text}"
            case "size":
                text = judged(record["bytes"], targets["binary_bytes"], "{:,} bytes".format)
                yield f"- the stripped binary: {text}"
            case "grid":
                limit = targets["grid_share"] if record["program"] == "halfplane-cpu" else None
                yield (f"- {record['networks']} XOR networks in one call, {record['program']}: "
                       f"{duration(record['seconds'])}, against as many times one alone: "
                       f"{judged(record['share'], limit)}")


def problems(records):
    for record in records:
        if record["event"] == "left-out":
            name = f"{record['program']}, {record['workload']}" if record.get("workload") else record["program"]
            yield f"- left out: {name}: {record['why']}"
        elif record["event"] == "sample" and record.get("wrong"):
            yield f"- not counted: {record['program']}, {record['workload']}: {record['wrong']}"


def markdown(head, records, targets, workloads):
    """The results of a run as Markdown; `workloads` are the definitions by name."""
    samples = Samples(records)
    names = [name for name in workloads if name in samples.workloads()]
    yield f"{head['date']}, commit {head['commit']}, {head['machine']}, {head['cores']} cores, {head['system']}."
    yield ""
    for about in head["programs"]:
        device = "" if about["device"] == "cpu" else f" on {about['device']}"
        driver = f" ({about['driver']})" if about.get("driver") else ""
        yield f"- {about['program']} {about['version']}{device}{driver}"
    yield ""
    if names:
        yield f"Medians over {head['rounds']} rounds:"
        yield ""
        times = ([program, *(judged(samples.own_seconds(program, name), None, duration) for name in names)]
                 for program in samples.programs())
        yield from rows(["", *names], times)
        ratios = [*ratio_rows(samples, names, targets), *upload_rows(samples, names, targets)]
        if ratios:
            yield "Ratios of medians, below 1 where we are ahead, with what they should be at most:"
            yield ""
            yield from rows(["", *names], ratios)
    yield from gemm_lines(records, samples, targets, workloads)
    yield from extra_lines(records, targets)
    found = list(problems(records))
    if found:
        yield ""
        yield from found
