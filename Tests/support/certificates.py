"""An authority of the tests' own, for servers on loopback that speak TLS."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """An authority that signs certificates for localhost."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "authority.pem"
        self._key = folder / "authority.key"
        self._make(self.certificate, self._key, "Tests of Coatcheck")

    def issue(self, name: Path, host: str = "localhost") -> tuple[Path, Path]:
        """Makes certificate and key at `name`.pem and `name`.key, for a host and 127.0.0.1."""
        certificate, key = name.with_suffix(".pem"), name.with_suffix(".key")
        extension = f"subjectAltName=DNS:{host},IP:127.0.0.1"
        signed = ("-CA", self.certificate, "-CAkey", self._key, "-addext", extension)
        self._make(certificate, key, host, *signed, "-addext", "basicConstraints=CA:FALSE")
        return certificate, key

    def _make(self, certificate: Path, key: Path, name: str, *more: str | Path) -> None:
        command = [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}", "-out", certificate, "-keyout", key),
            *more,
        ]
        result = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert result.returncode == 0, f"openssl: {result.stderr}"
        key.chmod(0o600)
