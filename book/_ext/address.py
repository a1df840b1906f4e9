"""Find and mend tracked files that name another address of the course than _config.yml does.

    python book/_ext/address.py            fail and name the places
    python book/_ext/address.py --write    rewrite them

Launch links, install commands, clone commands and the published site can only mean the course itself, so they
show which addresses it had. Any mention of such an old address, in prose too, is a disagreement.
"""

import argparse
import re
import subprocess
import sys

from coursebook.repository import ROOT, read_repository

NAME = r"([\w.-]+)/([\w.-]+?)(?:\.git)?(?=[/\"'\s)#@?,;]|$)"
OURS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"mybinder\.org/v2/gh/{NAME}",
        rf"colab\.research\.google\.com/github/{NAME}",
        rf"git\+https://github\.com/{NAME}",
        rf"git clone https://github\.com/{NAME}",
        rf"^repository-code: https://github\.com/{NAME}",
        r"^url: https://([\w-]+)\.github\.io/([\w.-]+)",
    )
)


def tracked_texts(root=ROOT):
    """{path: text} of the files git knows. Tests stay out: they name wrong addresses on purpose."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
    ).stdout
    texts = {}
    for name in listed.split("\0"):
        path = root / name
        if name and not name.startswith("tests/") and path.is_file():
            try:
                texts[path] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def old_addresses(texts, repository):
    """The (owner, name) pairs the course is called by, other than its own."""
    found = {
        match.groups() for text in texts.values() for pattern in OURS for match in pattern.finditer(text)
    }
    return sorted(found - {tuple(repository.slug.split("/"))})


def disagreements(texts, repository):
    """Places that name an old address, as "path:line: text"."""
    places = []
    for owner, name in old_addresses(texts, repository):
        for path, text in sorted(texts.items()):
            for number, line in enumerate(text.splitlines(), start=1):
                if f"{owner}/{name}" in line or f"{owner}.github.io/{name}" in line:
                    places.append(f"{path}:{number}: {line.strip()[:160]}")
    return places


def rewrite(texts, repository):
    """Write the configured address over the old ones. Returns the files that changed."""
    owner, name = repository.slug.split("/")
    changed = []
    for path, text in texts.items():
        new = text
        for old_owner, old_name in old_addresses(texts, repository):
            new = new.replace(f"{old_owner}/{old_name}", f"{owner}/{name}")
            new = new.replace(f"{old_owner}.github.io/{old_name}", f"{owner}.github.io/{name}")
        if new != text:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="rewrite the files that disagree")
    write = parser.parse_args(arguments).write
    repository, texts = read_repository(), tracked_texts()
    if write:
        print(*rewrite(texts, repository), sep="\n")
    elif places := disagreements(texts, repository):
        sys.exit("\n".join([f"The course lives at {repository.url}, but:", *places, "Run `make address`."]))


if __name__ == "__main__":
    main()
