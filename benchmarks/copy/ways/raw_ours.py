"""Raw only, by our own download and upload: the bytes alone, hashed, without the copier around it."""

import hashlib

from benchmarks.copy.job import BUCKET, job
from lambdas.aws.clients import client
from lambdas.aws.lake import Lake
from lambdas.web import Web

HERE = "http://127.0.0.1/"


def main() -> None:
    """Chunk by chunk to the digest and to S3."""
    told, digest = job(), hashlib.sha256()
    with Lake(client("s3"), BUCKET).upload(told.raw, "text/csv") as upload:
        with Web().download("bench", told.url, (HERE,), {}, HERE) as body:
            for chunk in body:
                digest.update(chunk)
                upload.write(chunk)
        upload.finish()
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
