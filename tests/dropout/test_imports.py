"""The NumPy half of dropout needs nothing but NumPy."""

import subprocess
import sys


def test_numpy_half_imports_nothing_else():
    code = """
import sys
import coursepkg.dropout.numpy_layers
print(sorted({"torch", "scipy", "matplotlib", "sklearn", "pooch", "tqdm"} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
