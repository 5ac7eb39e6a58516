"""Compares the losses of a sample with those of a run in float64.

`losses.json` is written by `peers.py reference`. It holds the loss on all rows before training,
after a few steps (`early`), after the warm-up run (`once`) and after the timed run that goes on from
there (`twice`), and the relative error of PyTorch's float32.
"""

from pathlib import Path

EXACT = Path(__file__).resolve().parent / "losses.json"
MOMENTS = ("early", "once", "twice")

# A wrong learning rate, a missing batch or a stale weight changes a loss by far more than a hundredth
# of what training changes; rounding changes it by far less, until it has accumulated.
MIN_TOLERANCE = 0.01
# Where rounding accumulates (long runs with relu), other orders of summation have errors like that of
# PyTorch's float32.
MARGIN = 5


def scale(exact, moment):
    """The scale of the tolerance: the smaller of the remaining loss and the decrease so far."""
    return min(exact[moment], abs(exact["initial"] - exact[moment]))


def with_tolerance(exact, rounded):
    """An entry of losses.json, from the losses in float64 and in float32."""
    errors = {at: abs(rounded[at] - exact[at]) / scale(exact, at) for at in MOMENTS}
    tolerance = {at: max(MIN_TOLERANCE, MARGIN * error) for at, error in errors.items()}
    return {**exact, "float32_error": errors, "tolerance": tolerance}


def wrong(exact, found):
    """The first loss of a sample that is out of tolerance, as text; None if all are within."""
    for moment in MOMENTS:
        if moment in found:
            allowed = exact["tolerance"][moment] * scale(exact, moment)
            if not abs(found[moment] - exact[moment]) <= allowed:
                return f"{moment}: the loss is {found[moment]:.8g}, not {exact[moment]:.8g} ± {allowed:.1e}"
    if not {"once", "twice"} & set(found):
        return "there is no loss after training"
    return None
