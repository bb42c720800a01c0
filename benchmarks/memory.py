"""Resident memory of the process, read from Linux's /proc."""

from pathlib import Path

MEGABYTE = 1e6

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def is_known() -> bool:
    """Tell whether the system says how much memory is resident."""
    return _CLEAR.exists()


def clear_peak() -> None:
    """Set the high-water mark to the present."""
    if is_known():
        _CLEAR.write_text("5")


def resident(field: str) -> float:
    """Return current (VmRSS) or greatest (VmHWM) resident memory in bytes."""
    if not is_known():
        return float("nan")
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return 1024.0 * int(line.split()[1])
    return float("nan")
