"""Runs the fuzzers one after the other: `python -m tests.fuzz --seconds 180 [TARGET...]`, as docs/fuzzing.md says."""

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from tests.fuzz.drive import HOME, ROOT
from tests.fuzz.targets import NAMES, target

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
MADE = ROOT / "build" / "fuzz"
LONGEST = 4096  # bytes of an input
HANGING = 10  # seconds that one input may take
ROOM = 2048  # MiB of memory
FIGURES = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
DONE = re.compile(r"Done (\d+) runs")


@dataclass
class Run:
    """What a fuzzer's log tells."""

    name: str
    tried: int = 0
    coverage: int = 0
    features: int = 0
    corpus: int = 0
    finds: int = 0

    def read(self, line: str) -> None:
        """The last figures are the ones that count."""
        if found := FIGURES.match(line):
            self.tried, self.coverage, self.features, self.corpus = map(int, found.groups())
        if done := DONE.match(line):
            self.tried = int(done[1])
        if "Test unit written to" in line or "artifact_prefix" in line:
            self.finds += "Test unit written to" in line
            print(f"{self.name}: {line.strip()}", flush=True)

    def __str__(self) -> str:
        figures = f"{self.tried:>10,} inputs, {self.coverage:>5} edges, {self.features:>6} features"
        return f"{self.name:<12}{figures}, {self.corpus:>4} worth keeping, {self.finds} finds"


def main() -> int:
    """1 if anything was found."""
    asked = _parser().parse_args()
    if not (HOME / "atheris").is_dir():
        print("atheris has no wheel for this platform and Python (or `make .venv-fuzz/.done` was not run):")
        print("what is left is the stored corpus and hypothesis, `pytest tests/fuzz`")
        return 2
    runs = [_merged(name) if asked.merge else _run(name, asked.seconds) for name in asked.targets or NAMES]
    return int(any(run.finds for run in runs))


def _run(name: str, seconds: int) -> Run:
    """Into build/fuzz/NAME what it met on its way, into build/fuzz/NAME-find-* what went wrong."""
    met, words = MADE / name, MADE / f"{name}.dict"
    met.mkdir(parents=True, exist_ok=True)
    words.write_text(_dictionary(target(name).WORDS), "ascii")
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={HANGING}", f"-rss_limit_mb={ROOM}"]
    folders = [str(met), str(CORPUS / name)]
    return _watched(name, [*options, f"-dict={words}", f"-artifact_prefix={MADE}/{name}-find-", *folders])


def _merged(name: str) -> Run:
    """The stored corpus anew: of it and of what was met since, the fewest and shortest files that reach as much."""
    old, new = CORPUS / name, MADE / f"{name}-merged"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    kept = list(old.glob("found-*"))
    run = _watched(name, ["-merge=1", f"-max_len={LONGEST}", str(new), str(MADE / name), str(old)])
    smallest = sorted(new.iterdir(), key=lambda one: one.stat().st_size)
    for one in set(old.iterdir()) - set(kept):
        one.unlink()
    for one in smallest:
        shutil.copy(one, old / one.name[:12])
    return run


def _watched(name: str, arguments: list[str]) -> Run:
    run = Run(name)
    command = [sys.executable, "-m", "tests.fuzz.drive", name, *arguments]
    with (MADE / f"{name}.log").open("w", encoding="utf-8") as log:
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace") as process:  # fmt: skip
            for line in process.stdout or ():
                log.write(line)
                run.read(line)
        run.finds = run.finds or int(process.returncode != 0)
    print(run, flush=True)
    return run


def _dictionary(words: tuple[str, ...]) -> str:
    """As libFuzzer reads it: every byte by its number."""
    return "".join(f'"{_numbered(word.encode())}"\n' for word in words)


def _numbered(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Run the coverage-guided fuzzers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all without one")
    parser.add_argument("--seconds", type=int, default=180, help="for each target")
    parser.add_argument("--merge", action="store_true", help="store anew what of the corpus and of the finds is needed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
