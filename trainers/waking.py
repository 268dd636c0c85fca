"""Has the GPU's driver begin its work while the libraries are still being imported."""

import ctypes
import os
import threading

RANK = "ANDRAEUS_RANK"
"""Variable with a process's number, and its GPU's, where several train together."""


def begin() -> None:
    """Make the device's primary context, which PyTorch then finds ready, in the background; nothing without a GPU.

    It takes seconds in which the driver, called like this, leaves Python free to import. Whatever goes wrong is met
    again, and told, by PyTorch.
    """
    # As PyTorch sets it, which comes too late for a driver that is awake.
    os.environ.setdefault("CUDA_MODULE_LOADING", "LAZY")
    threading.Thread(target=_wake, args=(int(os.environ.get(RANK, "0")),), name="gpu", daemon=True).start()


def _wake(number: int) -> None:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        device, context = ctypes.c_int(), ctypes.c_void_p()
        if driver.cuInit(0) == 0 and driver.cuDeviceGet(ctypes.byref(device), number) == 0:
            driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device)
    except (OSError, AttributeError):
        return
