"""One setting names the repository; every other file follows it."""

import address
import pytest
from coursebook.repository import ROOT, Repository, read_repository

OURS = Repository("https://github.com/new/home", "main")


def test_no_tracked_file_disagrees_with_the_setting():
    assert address.disagreements(address.tracked_texts(), read_repository()) == []


def test_the_files_that_must_name_the_address_do():
    texts, slug = address.tracked_texts(), read_repository().slug
    for name in ("README.md", "CITATION.cff", "_config.yml"):
        assert slug in texts[ROOT / name], name
    assert all(slug in text for path, text in texts.items() if path.suffix == ".ipynb")


@pytest.mark.parametrize(
    "line",
    [
        "https://mybinder.org/v2/gh/old/place/main?urlpath=lab",
        "https://colab.research.google.com/github/old/place/blob/main/a.ipynb",
        'pip install "coursepkg[torch] @ git+https://github.com/old/place"',
        "git clone https://github.com/old/place.git",
        "repository-code: https://github.com/old/place",
    ],
)
def test_an_old_address_is_found_everywhere_and_rewritten(tmp_path, line):
    launch, prose = tmp_path / "a", tmp_path / "b"
    launch.write_text(f"{line}\n")
    prose.write_text(
        "ask at https://github.com/old/place/issues or read https://old.github.io/place/x.html\n"
    )
    (tmp_path / "c").write_text("see https://github.com/numpy/numpy\n")
    texts = {path: path.read_text() for path in tmp_path.iterdir()}
    assert len(address.disagreements(texts, OURS)) == 2
    assert sorted(address.rewrite(texts, OURS)) == [launch, prose]
    assert "old" not in launch.read_text() + prose.read_text()
    assert "new/home/issues" in prose.read_text()
    assert "new.github.io/home/x.html" in prose.read_text()
    assert address.disagreements({path: path.read_text() for path in tmp_path.iterdir()}, OURS) == []


@pytest.mark.parametrize(
    "url", ["https://example.org/a/b", "https://github.com/a", "https://github.com/a/b/c", "a/b"]
)
def test_an_address_that_colab_cannot_open_is_refused(tmp_path, url):
    (tmp_path / "_config.yml").write_text(f"repository:\n  url: {url}\n  branch: main\n")
    with pytest.raises(ValueError, match=r"must be https://github\.com/owner/name"):
        read_repository(tmp_path)
