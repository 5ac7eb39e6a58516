"""Whether a sample trained what it says: its losses against those of a run in float64.

`losses.json` is written by `peers.py reference`. It holds the loss on all rows before training,
after a few steps (`early`), after the warm-up run (`once`) and after the timed run that goes on from
there (`twice`), and how far PyTorch's float32 strayed from them.
"""

from pathlib import Path

EXACT = Path(__file__).resolve().parent / "losses.json"
MOMENTS = ("early", "once", "twice")

# A wrong learning rate, a missing batch or a stale weight move a loss by far more than a hundredth
# of what training changes it; rounding, while it has not grown, by far less.
LEAST = 0.01
# Where rounding does grow (long runs through kinks of relu), other orders of summation stray like
# PyTorch's own float32 does.
MARGIN = 5


def scale(exact, moment):
    """What a loss is compared by: what is left of it or what has been won, the smaller."""
    return min(exact[moment], abs(exact["initial"] - exact[moment]))


def with_tolerance(exact, rounded):
    """An entry of losses.json, from the losses in float64 and in float32."""
    strays = {at: abs(rounded[at] - exact[at]) / scale(exact, at) for at in MOMENTS}
    tolerance = {at: max(LEAST, MARGIN * stray) for at, stray in strays.items()}
    return {**exact, "float32_strays": strays, "tolerance": tolerance}


def wrong(exact, found):
    """Says which of a sample's losses are not what they should be; None where all are."""
    for moment in MOMENTS:
        if moment in found:
            allowed = exact["tolerance"][moment] * scale(exact, moment)
            if not abs(found[moment] - exact[moment]) <= allowed:
                return f"{moment}: the loss is {found[moment]:.8g}, not {exact[moment]:.8g} ± {allowed:.1e}"
    if not {"once", "twice"} & set(found):
        return "there is no loss after training"
    return None
