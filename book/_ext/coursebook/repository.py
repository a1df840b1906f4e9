"""The public address of the course, from its one setting: `repository` in _config.yml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import yaml

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Repository:
    """A GitHub repository and the addresses that follow from it."""

    url: str
    branch: str

    @property
    def slug(self):
        """owner/name"""
        return self.url.removeprefix("https://github.com/").strip("/")

    @property
    def site(self):
        """Where GitHub Pages serves the built book."""
        owner, name = self.slug.split("/")
        return f"https://{owner}.github.io/{name}"

    def page(self, name):
        return f"{self.site}/{name}.html"

    def colab(self, path):
        return f"https://colab.research.google.com/github/{self.slug}/blob/{self.branch}/{path}"

    def binder(self, path):
        return f"https://mybinder.org/v2/gh/{self.slug}/{self.branch}?urlpath=lab/tree/{path}"

    def file(self, path):
        return f"{self.url}/blob/{self.branch}/{path}"

    def raw(self, path):
        return f"https://raw.githubusercontent.com/{self.slug}/{self.branch}/{path}"

    def erratum(self, page):
        return f"{self.url}/issues/new?title={quote(f'Erratum: {page}')}"

    @property
    def install_cell(self):
        """The first code cell of a notebook: installs the package where it is missing."""
        return (
            "import importlib.util\n\n"
            'if importlib.util.find_spec("coursepkg") is None:\n'
            f'    %pip install -q "coursepkg[torch] @ git+{self.url}"'
        )


@cache
def read_repository(root=ROOT):
    """The repository named in _config.yml.

    Raises:
        ValueError: the address is not of the form https://github.com/owner/name, which Colab needs.
    """
    setting = yaml.safe_load((Path(root) / "_config.yml").read_text(encoding="utf-8"))["repository"]
    repository = Repository(setting["url"].rstrip("/"), setting["branch"])
    owner, _, name = repository.slug.partition("/")
    if not (repository.url.startswith("https://github.com/") and owner and name) or "/" in name:
        raise ValueError(
            f"_config.yml: repository.url is {setting['url']!r}; it must be https://github.com/owner/name"
        )
    return repository
