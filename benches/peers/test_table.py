"""python3 -m unittest discover benches/peers"""

import json
import tempfile
import unittest
from pathlib import Path

import losses
import table

HERE = Path(__file__).resolve().parent
TARGETS = json.loads((HERE / "targets.json").read_text())
WORKLOADS = {one["name"]: one for one in json.loads((HERE / "workloads.json").read_text())}
HEAD = {"event": "run", "date": "2026-01-02", "commit": "abc", "machine": "a machine", "cores": 2, "system": "an OS",
        "rounds": 3, "programs": [{"program": "c", "version": "12", "device": "cpu"}]}


def sample(program, workload, seconds, **more):
    return {"event": "sample", "program": program, "workload": workload, "seconds": seconds,
            "total_seconds": 2 * seconds, **more}


def text(*records):
    return "\n".join(table.markdown(HEAD, records, TARGETS, WORKLOADS))


class Table(unittest.TestCase):
    def test_divides_medians_and_names_the_target(self):
        ours = [sample("halfplane-cpu", "mnist", seconds) for seconds in (0.1, 9.0, 0.3)]
        peer = [sample("jax", "mnist", seconds) for seconds in (0.5, 0.4, 0.6)]
        self.assertIn("| halfplane-cpu / jax | 0.60 (≤ 0.80) |", text(*ours, *peer))

    def test_says_where_we_are_behind(self):
        both = [sample("halfplane-cpu", "mnist", 1.0), sample("jax", "mnist", 1.0)]
        self.assertIn("**1.00**, behind: ≤ 0.80 wanted", text(*both))

    def test_field_counts_as_the_faster_way_takes_it(self):
        product = {"event": "gemm", "on": "gpu", "operation": "forward", "m": 8, "n": 8, "k": 8}
        products = [product | {"program": program, "gflops": 1000.0} for program in ("halfplane-gpu", "torch-cuda")]
        flops = table.flops(WORKLOADS["field"])
        layered = sample("halfplane-gpu", "field", flops / 200e9)
        fused = sample("halfplane-gpu-fused", "field", flops / 600e9)
        self.assertIn("runs at 0.20 of the vendor's best product (behind", text(*products, layered))
        self.assertIn("runs at 0.60 of the vendor's best product (reached", text(*products, layered, fused))

    def test_compares_with_the_better_variant(self):
        records = [sample("halfplane-cpu", "wide", 1.0), sample("burn-flex", "wide", 4.0),
                   sample("burn-flex-1", "wide", 2.0)]
        self.assertIn("| halfplane-cpu / burn-flex | 0.50 |", text(*records))

    def test_wrong_samples_do_not_count(self):
        records = [sample("jax", "wide", 1.0, wrong="once: the loss is 9"), sample("halfplane-cpu", "wide", 1.0)]
        found = text(*records)
        self.assertNotIn("halfplane-cpu / jax", found)
        self.assertIn("not counted: jax, wide: once: the loss is 9", found)

    def test_upload_to_weights_uses_the_total(self):
        self.assertIn("**20.0 ms**, behind: ≤ 10.0 ms wanted", text(sample("halfplane-software", "xor-nn", 0.01)))

    def test_products_stand_beside_the_vendors(self):
        product = {"event": "gemm", "on": "gpu", "operation": "dense_forward", "m": 8, "n": 8, "k": 8}
        found = text({**product, "program": "halfplane-gpu", "gflops": 30.0},
                     {**product, "program": "torch-cuda", "gflops": 60.0})
        self.assertIn("| dense_forward | 8 × 8 × 8 | halfplane-gpu | 30 | 60 | **0.50**, behind: ≥ 0.6 wanted |", found)

    def test_shows_three_digits(self):
        self.assertEqual([table.duration(s) for s in (0.0002, 0.804, 2, 61.26)], ["0.200 ms", "804 ms", "2.00 s", "61.3 s"])
        self.assertEqual([table.plain_ratio(r) for r in (0.0016, 0.5, 12)], ["0.0016", "0.50", "12.00"])

    def test_counts_operations(self):
        # 2-2-1: products of 8 and 4 operations a row; the first layer's input needs no gradient.
        small = {"widths": [2, 2, 1], "batch": 1, "steps": 1}
        self.assertEqual(table.flops(small), 3 * 12 - 8)

    def test_takes_the_last_run_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "samples.jsonl"
            lines = [HEAD, sample("c", "xor-nn", 1.0), {**HEAD, "commit": "def"}, sample("c", "xor-nn", 2.0)]
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
            head, records = table.last_run(path)
            self.assertEqual((head["commit"], [record["seconds"] for record in records]), ("def", [2.0]))
            path.write_text("")
            self.assertRaises(ValueError, table.last_run, path)


class Losses(unittest.TestCase):
    EXACT = losses.with_tolerance({"initial": 0.7, "early": 0.69, "once": 0.1, "twice": 0.01},
                                  {"initial": 0.7, "early": 0.69, "once": 0.1, "twice": 0.012})

    def test_scale_is_what_is_won_or_left(self):
        self.assertAlmostEqual(losses.scale(self.EXACT, "early"), 0.01)
        self.assertAlmostEqual(losses.scale(self.EXACT, "once"), 0.1)

    def test_tolerance_follows_the_error_of_float32(self):
        self.assertEqual(self.EXACT["tolerance"]["early"], losses.MIN_TOLERANCE)
        self.assertAlmostEqual(self.EXACT["tolerance"]["twice"], 0.2 * losses.MARGIN)

    def test_judges(self):
        right = {"early": 0.69, "once": 0.1, "twice": 0.011}
        self.assertIsNone(losses.wrong(self.EXACT, right))
        self.assertIn("early", losses.wrong(self.EXACT, {**right, "early": 0.7}))
        self.assertIn("once", losses.wrong(self.EXACT, {**right, "once": float("nan")}))
        self.assertIn("no loss", losses.wrong(self.EXACT, {"early": 0.69}))

    def test_the_file_knows_every_workload(self):
        exact = json.loads(losses.EXACT.read_text())
        self.assertEqual(exact.keys(), WORKLOADS.keys())
        for name, one in exact.items():
            self.assertLess(one["once"], one["initial"], name)


if __name__ == "__main__":
    unittest.main()
