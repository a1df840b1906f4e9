"""The launch buttons lead to the generated notebooks, since Colab cannot open a MyST page."""


def point_to_notebooks(app, pagename, templatename, context, doctree):
    for button in context.get("header_buttons", []):
        if button.get("label") == "launch-buttons":
            for link in button["buttons"]:
                link["url"] = link["url"].replace(f"book/{pagename}.md", f"book/notebooks/{pagename}.ipynb")


def setup(app):
    app.connect("html-page-context", point_to_notebooks, priority=900)  # after the theme made its buttons
