"""Raw only, as the documentation of boto3 suggests it: the answer's stream straight into `upload_fileobj`."""

import requests

from benchmarks.copy.job import BUCKET, job, s3


def main() -> None:
    """Without a digest: the stream is boto3's to read."""
    told = job()
    with requests.get(told.url, stream=True, timeout=60) as response:
        s3().upload_fileobj(response.raw, BUCKET, told.raw)


if __name__ == "__main__":
    main()
