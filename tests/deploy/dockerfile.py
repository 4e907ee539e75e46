"""Reads a Dockerfile, and carries it out without an engine: below a folder that stands for the image's root."""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s*")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name, its flags, and the rest."""

    name: str
    flags: dict[str, str]
    rest: str

    def words(self) -> list[str]:
        """The rest in exec form.

        Raises:
            ValueError: it is in shell form.
        """
        return json.loads(self.rest)

    def pairs(self) -> dict[str, str]:
        """The rest as name=value."""
        return dict(word.split("=", 1) for word in shlex.split(self.rest))


@dataclass(frozen=True)
class Stage:
    """A stage: what it starts from, its name, and what follows."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        """Its instructions of a name."""
        return [each for each in self.instructions if each.name == name]

    def last(self, name: str) -> Instruction:
        """The one that counts where the last one does."""
        return self.all(name)[-1]

    def pairs(self, name: str) -> dict[str, str]:
        """What all ENV or LABEL instructions set."""
        return {key: value for each in self.all(name) for key, value in each.pairs().items()}


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile."""
    found: list[Stage] = []
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        name, rest = line.split(maxsplit=1)
        flags: dict[str, str] = {}
        while flag := _FLAG.match(rest):
            flags[flag[1]], rest = flag[2], rest[flag.end() :]
        if name == "FROM":
            base, _, alias = rest.partition(" AS ")
            found.append(Stage(base, alias))
        else:
            found[-1].instructions.append(Instruction(name, flags, rest))
    return found


def base_of(stage: Stage, every: list[Stage]) -> str:
    """The image that a stage comes from in the end."""
    return next((base_of(each, every) for each in every if each.name == stage.base), stage.base)


def image() -> Stage:
    """What the Dockerfile's last stage says."""
    return stages(DOCKERFILE.read_text())[-1]


def in_context(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore lets a path of the context through: the last pattern that matches it decides."""
    among = True
    for pattern in patterns:
        wanted, plain = pattern.startswith("!"), pattern.lstrip("!")
        parents = [path, *(str(each) for each in Path(path).parents)]
        plain = plain.removeprefix("**/") if plain.startswith("**/") else plain
        deep = pattern.lstrip("!").startswith("**/")
        names = [Path(each).name for each in parents] if deep else parents
        if any(fnmatch.fnmatchcase(name, plain) for name in names):
            among = wanted
    return among


class Build:
    """The image made in a folder. Every absolute path that the Dockerfile makes stands below `root`.

    It does what Docker does, but for the base: that is a copy of the Python of this test run, which may stand where no
    other user can read it. pip is this run's too.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages = stages(DOCKERFILE.read_text())
        self.image = self.stages[-1]
        made = {"/src", "/wheels"}
        for stage in self.stages:
            made |= {each.rest for each in stage.all("WORKDIR")}
            made |= {word for each in stage.all("VOLUME") for word in each.words()}
            made |= {each.rest.split()[-1] for each in stage.all("COPY") if each.flags.get("from")}
        self._made = re.compile(rf"(?<![\w/.])({'|'.join(map(re.escape, sorted(made)))})(?![\w-])")

    def here(self, text: str) -> str:
        """A text of the Dockerfile with its paths below the folder."""
        return self._made.sub(lambda found: str(self.root) + found[1], text)

    def run(self) -> None:
        """Carry out every instruction that makes files."""
        self._make_base()
        for stage in self.stages:
            folder = self.root
            for each in stage.instructions:
                match each.name:
                    case "WORKDIR":
                        folder = Path(self.here(each.rest))
                        folder.mkdir(parents=True, exist_ok=True)
                    case "COPY":
                        self._copy(each, folder)
                    case "RUN":
                        self._run(self.here(each.rest), folder)
                    case _:
                        pass
        shutil.rmtree(self.root / "src")
        shutil.rmtree(self.root / "wheels")

    def environment(self) -> dict[str, str]:
        """What the image sets, and nothing else."""
        path = os.pathsep.join((str(self._base / "bin"), "/usr/bin", "/bin"))
        set_ = {name: self.here(value).replace("${PATH}", path) for name, value in self.image.pairs("ENV").items()}
        return {"PATH": path, "LD_LIBRARY_PATH": str(self._base / "lib")} | set_

    @property
    def _base(self) -> Path:
        return self.root / "usr" / "local"

    def _make_base(self) -> None:
        """The interpreter and its standard library, as the base image has them in /usr/local."""
        program = Path(sys.executable).resolve()
        bin_, lib = self._base / "bin", self._base / "lib"
        bin_.mkdir(parents=True)
        lib.mkdir()
        _link(program, bin_ / program.name)
        (bin_ / "python").symlink_to(program.name)
        for library in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
            _link(library, lib / library.name)
        standard = Path(sysconfig.get_path("stdlib"))
        without = shutil.ignore_patterns("site-packages", "dist-packages", "test", "idlelib", "config-*")
        shutil.copytree(standard, lib / standard.name, symlinks=True, ignore=without, copy_function=_link)

    def _copy(self, each: Instruction, folder: Path) -> None:
        *sources, target = each.rest.split()
        if "from" in each.flags:
            assert sources == [target], "one folder stands for all stages"
            assert Path(self.here(target)).is_dir(), target
            return
        into = folder / target
        patterns = (ROOT / ".dockerignore").read_text().split("\n")
        patterns = [line for line in patterns if line and not line.startswith("#")]
        for source in sources:
            files = [ROOT / source] if (ROOT / source).is_file() else sorted((ROOT / source).rglob("*"))
            copied = [file for file in files if file.is_file() and in_context(str(file.relative_to(ROOT)), patterns)]
            assert copied, f"{source}: .dockerignore leaves nothing of it"
            for file in copied:
                name = file.name if file == ROOT / source else file.relative_to(ROOT / source)
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, into / name)

    def _run(self, command: str, folder: Path) -> None:
        own = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        # The base's python, and the pip of this run.
        mine = str(Path(sys.executable).parent)
        environment["PATH"] = os.pathsep.join((str(self._base / "bin"), mine, os.environ["PATH"]))
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def _link(source: str | Path, target: str | Path) -> None:
    """A hard link where that can be, else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
