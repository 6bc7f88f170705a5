"""Files that other programs and hosts read: citation, changelog, forms of issues, workflow."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
ATTRIBUTES = {  # of the fields of a form: those that must be there, and those that may
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


def test_the_citation_says_what_the_package_says():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # required by the format
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert [author["name"] for author in citation["authors"]] == [a["name"] for a in project["authors"]]
    assert set(project["keywords"]) <= set(citation["keywords"])


def test_the_changelog_keeps_its_form():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.*)$", text, flags=re.M)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])
    kinds = set(re.findall(r"^### (.*)$", text, flags=re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    for link in re.findall(r"\]\((docs/[^)#]+)", text):
        assert (ROOT / link).is_file()


@pytest.mark.parametrize("file", [f for f in FORMS if f.name != "config.yml"], ids=lambda f: f.stem)
def test_a_form_has_the_fields_that_its_host_knows(file):
    form = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert (
        {"name", "description", "body"} <= form.keys() <= {"name", "description", "title", "labels", "body"}
    )
    ids = [field["id"] for field in form["body"] if "id" in field]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", id) for id in ids)
    for field in form["body"]:
        needed, allowed = ATTRIBUTES[field["type"]]
        assert field.keys() <= {"type", "id", "attributes", "validations"}
        assert needed <= field["attributes"].keys() <= needed | allowed
        options = field["attributes"].get("options", ())
        if field["type"] == "checkboxes":
            assert all(option.keys() <= {"label", "required"} for option in options)
        else:
            assert len(set(options)) == len(options)


def test_there_is_a_form_for_each_kind_of_issue():
    names = {
        yaml.safe_load(f.read_text(encoding="utf-8")).get("name") for f in FORMS if f.name != "config.yml"
    }
    assert names == {"Bug", "New method", "New dataset", "A result that looks wrong"}


def test_the_workflow_builds_what_a_pages_host_takes():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = "\n".join(step.get("run", "") for step in steps)
    assert "mlffbench site results --out public" in commands
    [upload] = [step for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == "public"


def test_a_workflow_builds_the_whole_documentation():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "docs.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [step["run"].strip() for step in steps if "run" in step]
    assert "bash docs/build.sh" in commands
    assert any("tests/test_site_browser.py" in command for command in commands)
