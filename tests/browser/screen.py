"""How the tests show a page, and what they hold against it."""

from axe_playwright_python.sync_playwright import Axe
from coursebook.repository import ROOT

HTML = ROOT / "_build" / "html"
THEMES = ("light", "dark")


def show(page, theme="light", width=1440):
    """The theme follows the reader's system."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)


def complaints(page, context, **options):
    """What axe finds on a page that is serious or critical."""
    return [
        f"{found['id']}: {node['html']}"
        for found in Axe()
        .run(page, context, {"resultTypes": ["violations"], **options})
        .response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]
