"""What a report of a problem is told."""

import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import skregnet
from skregnet import _kernels as kernels
from skregnet import _versions as versions


def test_what_is_told(capsys):
    skregnet.show_versions()
    told = capsys.readouterr().out
    assert f"  skregnet: {skregnet.__version__}" in told
    assert f"  numpy: {np.__version__}" in told
    assert f"  version: {kernels.KERNELS}" in told
    assert "blas (" in told


def test_the_processor_that_blas_takes_this_for(capsys):
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    skregnet.show_versions()
    told = capsys.readouterr().out
    for pool in blas:
        if "architecture" in pool:
            assert f": {pool['num_threads']}, for {pool['architecture']}\n" in told


def test_what_is_not_installed(capsys, monkeypatch):
    monkeypatch.setattr(versions, "_PACKAGES", ("numpy", "no-such-package"))
    skregnet.show_versions()
    assert "  no-such-package: not installed" in capsys.readouterr().out


@pytest.mark.parametrize("choice", ["numpy", "numba"])
def test_forced_kernels(choice):
    if choice == "numba":
        pytest.importorskip("numba")
    told = subprocess.run(
        [sys.executable, "-c", "import skregnet; skregnet.show_versions()"],
        env={**os.environ, "SKREGNET_KERNELS": choice},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"  version: {choice}" in told
    assert f"  chosen by: SKREGNET_KERNELS={choice}" in told
