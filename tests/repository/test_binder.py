"""What Binder makes of the repository, without an engine to build it."""

import os
import shutil
import subprocess

import pytest
from coursebook.repository import ROOT
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import PythonBuildPack


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory):
    """The Dockerfile that repo2docker renders for the files that git knows."""
    checkout = tmp_path_factory.mktemp("binder")
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    before = os.getcwd()
    os.chdir(checkout)
    try:
        pack = PythonBuildPack(Repo2Docker.base_image.default_value)
        pack.platform = "linux/amd64"
        assert pack.detect()
        assert pack.binder_dir == ".binder"
        assert pack.python_version == "3.11"
        yield pack.render(build_args={})
    finally:
        os.chdir(before)


def test_binder_installs_its_own_requirements_after_the_source_is_there(dockerfile):
    install = 'pip install --no-cache-dir -r ".binder/requirements.txt"'
    assert install in dockerfile
    assert dockerfile.index("COPY --chown=1000:1000 src/") < dockerfile.index(install)


def test_binder_gets_the_small_torch_at_the_tested_version():
    lines = (ROOT / ".binder/requirements.txt").read_text().splitlines()
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in lines
    assert "-c ../requirements.txt" in lines  # versions stand in one file
    assert "-e .[torch]" in lines
