"""What is built is complete: the wheel alone runs, and the sdist carries what a packager needs."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ipse.preferences.embedding import shipped_model
from tests.conftest import REPOSITORY, Ipse


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from the files that git tracks."""
    tracked = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in filter(None, tracked.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--quiet", "--outdir", out, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"ipse"}
    assert "ipse/py.typed" in names


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_default_model_is_inside_as_it_is_hashed_with_its_licence(built: Path, kind: str) -> None:
    folder = shipped_model.FOLDER.relative_to(REPOSITORY / "src")
    if kind == "wheel":
        with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
            files = {name: wheel.read(name) for name in wheel.namelist() if name.startswith(str(folder))}
            stated = [name.partition("/licenses/")[2] for name in wheel.namelist() if "/licenses/" in name]
        assert {f"src/{folder}/{name}" for name in ("LICENSE", "NOTICE")} <= set(stated)
    else:
        with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
            members = {name.partition("/src/")[2]: name for name in sdist.getnames()}
            files = {
                short: file.read()
                for short, name in members.items()
                if short.startswith(f"{folder}/") and (file := sdist.extractfile(name))
            }
    found = {Path(name).name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert found.keys() == {*shipped_model.SHA256, "LICENSE", "NOTICE"}
    assert {name: found[name] for name in shipped_model.SHA256} == shipped_model.SHA256


def test_the_sdist_carries_tests_docs_and_completions(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {"/".join(name.split("/")[1:]) for name in sdist.getnames()}
    for wanted in (
        "LICENSE",
        "CHANGELOG.md",
        "constraints.txt",
        "requirements.lock",
        "requirements-profile.lock",
        "requirements-models.lock",
        "requirements-build.lock",
        "completions/ipse.zsh",
        "tests/conftest.py",
        "SECURITY.md",
    ):
        assert wanted in names


@pytest.mark.slow
def test_the_wheel_alone_runs_in_an_empty_environment(built: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "-c",
            REPOSITORY / "constraints.txt",
            next(built.glob("*.whl")),
        ],
        check=True,
    )
    program = python.with_name("ipse")
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("Usage: ipse")
    ipse = Ipse(tmp_path / "home")
    secret = tmp_path / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text("secret\n")
    variables = {**ipse.variables, "IPSE_PASSPHRASE_FILE": str(secret)}
    subprocess.run([program, "init", "--keystore", "file"], env=variables, check=True)
    missing = subprocess.run(
        [program, "profile", "like", "the sea"], capture_output=True, text=True, env=variables, check=False
    )
    assert missing.returncode == 8
    _, _, rest = missing.stderr.partition("hint: add it with `")
    python_of_hint, pip, module, install, wheel = shlex.split(rest.partition("`")[0])
    assert wheel == f"{next(built.glob('*.whl'))}[profile]"
    # The command is right: pip finds the extra in the very wheel, and looks for no other ipse.
    plan = subprocess.run(
        [python_of_hint, pip, module, install, "--quiet", "--dry-run", "--no-deps", "--no-index", wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert plan.returncode == 0, plan.stderr
