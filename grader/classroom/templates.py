"""Pages of our own, from the templates in html/; what stands in them cannot be markup."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, select_autoescape


def render(template: str, **values: object) -> str:
    environment = Environment(loader=PackageLoader("grader.classroom", "html"), autoescape=select_autoescape(default=True))
    return environment.get_template(template).render(**values)
