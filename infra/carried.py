"""What a bundle may carry, each name with its reason: a package that brings anything else stops the build.

So a wheel cannot bring a module by our name or boto3's, nor a `.pth` or `sitecustomize.py`, which Python runs unasked.
"""

from collections.abc import Mapping
from pathlib import Path

# What lies at the top of each lock's packages. boto3, botocore and s3transfer are the Lambda runtime's own.
EVERY: Mapping[str, str] = {
    "aws_lambda_powertools": "logs and metrics as JSON, the callback's routes",
    "jmespath": "powertools loads it with its logger",
    "typing_extensions": "powertools loads it",
    "requests": "the one HTTP session",
    "urllib3": "requests speaks through it",
    "certifi": "the certificates that requests trusts",
    "idna": "requests reads names of hosts with it",
    "charset_normalizer": "requests does not load without it",
}
TOKENS: Mapping[str, str] = {
    "nacl": "libsodium: seals the tokens in the ledger",
    "_cffi_backend": "the half of cffi that nacl loads",
}
ENGINE: Mapping[str, str] = {
    "pyarrow": "the Parquet engine",
    "isal": "gzip at several times zlib's speed",
}
CARRIED: Mapping[str, Mapping[str, str]] = {"lambda": {**EVERY, **TOKENS}, "copier": {**EVERY, **ENGINE}}
NOTES = ".dist-info"  # an installer's notes of a package: its licences, its version
LOADED = (".py", ".so", ".dylib")


def strange(folder: Path, lock: str) -> list[str]:
    """What lies in a folder of packages, and is neither named above nor a package's notes, nor a plain file."""
    known = CARRIED[lock]
    top = [path.name for path in folder.iterdir() if module(path) not in known and not notes(path)]
    inner = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink()]
    return sorted(top + inner)


def module(path: Path) -> str:
    """The name that Python would import what lies there by; of anything that it would not, the whole name."""
    return path.name.split(".")[0] if path.suffix in LOADED and path.is_file() else path.name


def notes(path: Path) -> bool:
    """Whether a folder holds a package's notes, and nothing that Python would load."""
    return path.name.endswith(NOTES) and not any(one.suffix in LOADED for one in path.rglob("*"))


def level(folder: Path) -> None:
    """Give every file the same rights, whatever its wheel or the umask says: all may read, none but us write."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
