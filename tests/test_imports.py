"""The NumPy half of the package runs without PyTorch, and its layers in a browser."""

import json
import subprocess
import sys

WALK = """
import importlib, json, sys
from pathlib import Path
import coursepkg

def of_torch(name):
    # torch_layers; the experiments of a chapter, which may measure either backend; what checks a module of
    # torch.
    parts = name.split(".")
    return (
        any("torch" in part.split("_") for part in parts)
        or (parts[1] == "experiments" and len(parts) > 3)
        or (parts[1] == "checks" and (parts[-1].endswith("_module") or parts[-1] == "mc_dropout"))
    )

root = Path(coursepkg.__file__).parent
files = sorted(path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py"))
names = [".".join(part for part in path.parts if part != "__init__") for path in files]
imported, offenders = [], []
for name in names:
    if "." not in name or "visible" in name or name.endswith("__main__") or of_torch(name):
        continue
    importlib.import_module(name)
    imported.append(name)
    if "torch" in sys.modules:
        offenders.append(name)
        break
print(json.dumps({"imported": imported, "offenders": offenders}))
"""


def in_a_fresh_interpreter(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_numpy_half_imports_no_torch():
    found = json.loads(in_a_fresh_interpreter(WALK))
    assert found["offenders"] == []
    expected = {
        "coursepkg.layer",
        "coursepkg.gradcheck",
        "coursepkg.nn.conv",
        "coursepkg.training.numpy_loop",
        "coursepkg.data",
        "coursepkg.experiments",
    }
    assert expected <= set(found["imported"])


def test_layers_import_nothing_but_numpy():
    code = """
import sys
import coursepkg.gradcheck, coursepkg.layer, coursepkg.nn, coursepkg.validation
print(sorted({"torch", "scipy", "matplotlib", "sklearn", "pooch", "tqdm"} & set(sys.modules)))
"""
    assert in_a_fresh_interpreter(code).strip() == "[]"


def test_only_the_exact_gelu_needs_scipy():
    code = """
import sys
import numpy as np
from coursepkg import nn
sys.modules["scipy"] = None
for layer in (nn.Linear(2, 2), nn.LayerNorm(2), nn.ReLU(), nn.Tanh(), nn.Sigmoid(), nn.GELU("tanh")):
    layer.backward(layer(np.ones((3, 2), np.float32)))
try:
    nn.GELU()(np.ones(2))
except ImportError:
    print("only there")
"""
    assert in_a_fresh_interpreter(code).strip() == "only there"
