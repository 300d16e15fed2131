"""The frame of every page: the document around what Dash draws."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}{%config%}{%scripts%}{%renderer%}</body>
</html>"""
"""Dash's own page has no language and puts a footer of its own beside ours."""


def assets_left_out(page: str) -> list[str]:
    """Return Dash's `assets_path_ignore` for a page: every folder of assets but common/ and the page's own."""
    return [rf"^(?!(common|{page})$)"]
