"""The floor of a verified copy: download and SHA-256, and nothing else."""

import hashlib

import requests

from benchmarks.copy.job import CHUNK, job


def main() -> None:
    """Read it to the end."""
    digest = hashlib.sha256()
    with requests.get(job().url, stream=True, timeout=60) as response:
        while chunk := response.raw.read(CHUNK):
            digest.update(chunk)
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
