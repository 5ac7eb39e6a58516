"""What the process needs before a graphics driver is opened."""

import os
import sys


def quiet_mesa():
    """Keep Mesa's layer for choosing devices from printing an error where there is no desktop.

    The layer only reorders adapters, and halfplane ranks them itself.
    """
    unset = "XDG_RUNTIME_DIR" not in os.environ and "MESA_VK_DEVICE_SELECT" not in os.environ
    if sys.platform == "linux" and unset:
        os.environ.setdefault("NODEVICE_SELECT", "1")
