"""The image: what its Dockerfile says, and what it says carried out without an engine, as another user."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from acceptance.service import wait_for
from deploy.dockerfile import DOCKERFILE, ROOT, Build, base_of, image, in_context, stages
from support.kafka import free_port

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec "$@"'
"""In a mount namespace of its own: the file system is read-only but for one folder, as with `docker run --read-only`."""


def test_the_dockerfile_passes_its_linter():
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(linter), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_would_find_something(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /srv\n")
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(linter), str(tmp_path / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DL3006" in done.stdout


def test_every_stage_comes_from_one_release_of_python_that_telex_runs_on():
    every = stages(DOCKERFILE.read_text())
    bases = {base_of(each, every) for each in every}
    assert len(bases) == 1
    release = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-[a-z]+", bases.pop())
    assert release is not None
    least = re.fullmatch(r">=(\d+)\.(\d+)", PROJECT["project"]["requires-python"])
    assert least is not None
    assert tuple(map(int, release.groups())) >= tuple(map(int, least.groups()))


def test_the_image_starts_telex_without_a_shell_and_without_root():
    made = image()
    assert made.last("ENTRYPOINT").words() == ["telex"]
    assert made.last("CMD").words() == ["run"]
    user, group = map(int, made.last("USER").rest.split(":"))
    assert user >= 10_000
    assert group >= 10_000
    assert not made.all("SHELL")
    assert made.instructions.index(made.last("USER")) > made.instructions.index(made.last("RUN"))


def test_the_image_asks_itself_for_its_health_without_a_shell():
    health = image().last("HEALTHCHECK")
    form, _, command = health.rest.partition(" ")
    assert form == "CMD"
    assert orjson.loads(command)[0] == "python"
    assert set(health.flags) == {"interval", "timeout", "start-period", "retries"}


def test_the_image_sets_what_a_container_needs_and_never_optimises():
    env = image().pairs("ENV")
    assert env["PYTHONDONTWRITEBYTECODE"] == "1"
    assert "PYTHONOPTIMIZE" not in env
    assert env["TELEX_HTTP"] == f":{image().last('EXPOSE').rest}"
    assert image().last("VOLUME").words() == [str(Path(env["TELEX_LOG__PATH"]).parent)]


def test_the_labels_are_the_projects():
    labels = image().pairs("LABEL")
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}description"] == PROJECT["project"]["description"]
    assert labels[f"{prefix}licenses"] == PROJECT["project"]["license"]
    version = next(each.pairs() for each in image().all("ARG") if each.rest.startswith("VERSION="))
    assert version["VERSION"] == PROJECT["project"]["version"]
    every = stages(DOCKERFILE.read_text())
    assert labels[f"{prefix}base.name"] == f"docker.io/library/{base_of(every[-1], every)}"


@pytest.mark.parametrize(
    ("path", "among"),
    [
        ("pyproject.toml", True),
        ("services/telex/cli.py", True),
        ("services/newsroom/data/fr.txt", True),
        ("schemas/article/1.json", True),
        ("services/telex/__pycache__/cli.cpython-311.pyc", False),
        (".git/config", False),
        (".venv/bin/python", False),
        ("tests/conftest.py", False),
        ("var/telex.sqlite", False),
    ],
)
def test_only_what_the_wheel_is_made_of_is_sent_to_the_builder(path: str, among: bool):
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert in_context(path, [line for line in lines if line and not line.startswith("#")]) is among


def test_an_engine_builds_the_image_where_there_is_one():
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        why = "no docker here" if docker is None else "the docker command here reaches no daemon"
        pytest.skip(f"{why}: the image was not built by an engine")
    command = [docker, "build", "--quiet", "--file", str(DOCKERFILE), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def built() -> Iterator[Build]:
    if os.geteuid() or shutil.which("setpriv") is None:
        pytest.skip("the image's command line was NOT run as another user: that takes root and setpriv")
    # Not below pytest's own folder, which no other user may enter.
    with tempfile.TemporaryDirectory(prefix="telex-image-") as folder:
        Path(folder).chmod(0o755)
        build = Build(Path(folder))
        build.run()
        yield build


@pytest.mark.timeout(300)
async def test_the_image_publishes_as_another_user_on_a_read_only_root(built: Build, subtests: pytest.Subtests):
    for check in (
        the_wheel_carries_what_it_needs_at_run_time,
        nothing_that_can_install_is_in_the_image,
        the_image_gives_its_own_user_nothing_but_its_volume,
        the_command_line_runs_where_only_the_volume_can_be_written_to,
    ):
        with subtests.test(check.__name__):
            check(built)
    await its_command_line_publishes_until_sigterm(built)


def as_image(build: Build, command: list[str]) -> list[str]:
    """A command line as its container has it: another user, no capability, a file system that is read-only."""
    user, group = build.image.last("USER").rest.split(":")
    setpriv = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all",
    ]
    volume = build.here(build.image.last("VOLUME").words()[0])
    program = [shutil.which(command[0], path=build.environment()["PATH"]) or command[0], *command[1:]]
    private = ["unshare", "--mount", "/bin/sh", "-c", READ_ONLY, volume]
    tried = subprocess.run([*private, "true"], capture_output=True, check=False)
    return [*(private if tried.returncode == 0 else []), *setpriv, *program]


def the_wheel_carries_what_it_needs_at_run_time(built: Build) -> None:
    packages = next(Path(built.here("/opt/telex")).glob("lib/python*/site-packages"))
    schemas = {str(each.relative_to(ROOT / "schemas")) for each in (ROOT / "schemas").rglob("*") if each.is_file()}
    carried = packages / "telex" / "_schemas"
    assert {str(each.relative_to(carried)) for each in carried.rglob("*") if each.is_file()} == schemas
    data = {each.name for each in (ROOT / "services/newsroom/data").iterdir()}
    assert {each.name for each in (packages / "newsroom" / "data").iterdir()} == data
    assert (packages / "telex" / "py.typed").exists()


def nothing_that_can_install_is_in_the_image(built: Build) -> None:
    environment = Path(built.here("/opt/telex"))
    assert not list(environment.glob("bin/pip*"))
    assert not list(environment.glob("lib/python*/site-packages/pip"))


def the_image_gives_its_own_user_nothing_but_its_volume(built: Build) -> None:
    user = int(built.image.last("USER").rest.split(":")[0])
    volume = Path(built.here(built.image.last("VOLUME").words()[0]))
    owned = [each for each in built.root.rglob("*") if each.lstat().st_uid == user]
    assert owned == [volume]
    assert not [each for each in built.root.rglob("*") if not each.is_symlink() and each.stat().st_mode & 0o002]


def the_command_line_runs_where_only_the_volume_can_be_written_to(built: Build) -> None:
    volume = Path(built.here(built.image.last("VOLUME").words()[0]))
    folder = Path(built.here(built.image.last("WORKDIR").rest))
    tried = {str(place): writable(built, place) for place in (volume, folder, Path(tempfile.gettempdir()))}
    if tried[tempfile.gettempdir()]:
        pytest.skip("the root was NOT read-only: mounting is not allowed here, only the other user was tried")
    assert tried == {str(volume): True, str(folder): False, tempfile.gettempdir(): False}


def writable(build: Build, place: Path) -> bool:
    """Whether a command of the image can make a file there."""
    code = "import sys, tempfile; tempfile.TemporaryFile(dir=sys.argv[1])"
    return (
        subprocess.run(
            as_image(build, ["python", "-c", code, str(place)]),
            env=build.environment(),
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


async def its_command_line_publishes_until_sigterm(built: Build) -> None:
    volume = Path(built.here(built.image.last("VOLUME").words()[0]))
    port = free_port()
    environment = built.environment() | {
        "TELEX_HTTP": f":{port}",
        "TELEX_CATALOGUE": str(volume / "feeds.yaml"),
        "TELEX_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
    }
    healthy = as_image(built, orjson.loads(built.image.last("HEALTHCHECK").rest.partition(" ")[2]))
    folder = built.here(built.image.last("WORKDIR").rest)
    command = as_image(built, [*built.image.last("ENTRYPOINT").words(), *built.image.last("CMD").words()])

    async def run(words: list[str], output: int = PIPE) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*words, stdout=output, stderr=STDOUT, env=environment, cwd=folder)

    async def health() -> bool:
        return await (await run(healthy)).wait() == 0

    newsroom = await run(
        as_image(built, ["newsroom", "--port=0", "--publishers=12", f"--catalogue={volume}/feeds.yaml"])
    )
    with (built.root / "words.txt").open("wb") as words:
        try:
            assert newsroom.stdout is not None
            assert b"newsroom at http" in await asyncio.wait_for(newsroom.stdout.readline(), 20)
            assert not await health(), "healthy before telex runs"
            telex = await run(command, words.fileno())
            try:
                await wait_for(health, what="the image's own health check")
                published = await first_published(f"http://127.0.0.1:{port}")
                assert await readiness(f"http://127.0.0.1:{port}") == (200, 200)
                status = Path(f"/proc/{telex.pid}/status").read_text()
                telex.send_signal(signal.SIGTERM)
                code = await asyncio.wait_for(telex.wait(), 30)
            finally:
                await ended(telex)
        finally:
            await ended(newsroom)
    said = (built.root / "words.txt").read_text()
    assert code == 0, said
    assert published["data"]["provenance"]["body_from"] == "page", "no worker process has read a page"
    assert re.search(r"^Uid:\t65532\t65532", status, re.MULTILINE), status
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE), status
    assert {each.name.partition("-")[0] for each in volume.iterdir()} <= {"feeds.yaml", "telex.sqlite"}


async def first_published(url: str) -> dict[str, Any]:
    """The first article whose body comes from its page, which a worker process has read."""
    timeout = aiohttp.ClientTimeout(total=40)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{url}/events") as response:
        assert response.status == 200
        async for line in response.content:
            if line.startswith(b"data:"):
                event = orjson.loads(line.removeprefix(b"data:"))
                if event["type"] == "telex.article.published" and event["data"]["provenance"]["body_from"] == "page":
                    return event
    raise AssertionError("the stream ended")


async def readiness(url: str) -> tuple[int, int]:
    """What both probes answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/livez") as live,
        session.get(f"{url}/readyz") as ready,
    ):
        return live.status, ready.status


async def ended(process: asyncio.subprocess.Process) -> None:
    """See to it that a process is gone."""
    if process.returncode is None:
        process.kill()
    await process.wait()
