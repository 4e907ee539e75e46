"""A broker with every way in at once: open, TLS, TLS with a client's certificate, and each SASL mechanism."""

import base64
import json
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from support import kafka

USER = "telex"
PASSWORD = "s3cret"
LIMITED = "limited"
"""A user who may do only what access rules grant."""
SESSION = 2000
"""Milliseconds after which a connection that was opened with a token is ended; the next one needs a token again."""
_SASL = "org.apache.kafka.common.security"
_PLAIN = f'{_SASL}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
_UNSECURED = f"{_SASL}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"


class Certificates:
    """An authority, and what it signed, as PEM files in a folder."""

    def __init__(self, folder: Path, name: str = "telex-tests") -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        subject = ("-subj", f"/CN={name}", "-days", "2")
        self._openssl("req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem", *subject)

    @property
    def authority(self) -> Path:
        """The certificate that all others are checked with."""
        return self.folder / "ca.pem"

    def issue(self, name: str, hosts: str = "") -> tuple[Path, Path]:
        """The certificate of `name`, and its key. `hosts` as in `IP:127.0.0.1,DNS:localhost`."""
        self._openssl("req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "extensions").write_text(f"subjectAltName={hosts or f'DNS:{name}'}")
        signed_by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-days", "2", *signed_by, "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"openssl failed: {done.stderr}")


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass
class SecureBroker:
    """Where each way in is, and what opens it."""

    cluster: kafka.Cluster
    certificates: Certificates
    open: str
    tls: str
    mutual: str
    sasl: str
    plain: str
    """SASL with PLAIN alone."""
    elsewhere: str
    """As `tls`, under a name that its certificate does not have."""


def start(folder: Path) -> SecureBroker:
    """Start it; USER may do everything with any mechanism, LIMITED (SCRAM-SHA-256) what is granted."""
    broker = kafka.Broker(folder / "node-1", 1, kafka.free_port(), kafka.free_port())
    ports = {name: kafka.free_port() for name in ("TLS", "MUTUAL", "SASL", "FEW")}
    certificates = Certificates(folder / "certificates")
    certificate, key = certificates.issue("broker", "IP:127.0.0.1")
    keystore = folder / "broker.pem"
    keystore.write_text(key.read_text() + certificate.read_text())
    listeners = {"PLAINTEXT": broker.port, **ports, "CONTROLLER": broker.controller}
    path = broker.write(
        f"1@127.0.0.1:{broker.controller}",
        {
            "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items()),
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLS:SSL,MUTUAL:SSL,"
            "SASL:SASL_PLAINTEXT,FEW:SASL_PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(certificates.authority),
            "listener.name.mutual.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
            "listener.name.sasl.plain.sasl.jaas.config": _PLAIN,
            "listener.name.few.plain.sasl.jaas.config": _PLAIN,
            "listener.name.few.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl.scram-sha-256.sasl.jaas.config": f"{_SASL}.scram.ScramLoginModule required;",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{_SASL}.scram.ScramLoginModule required;",
            "listener.name.sasl.oauthbearer.sasl.jaas.config": f"{_SASL}.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="broker";',
            "listener.name.sasl.oauthbearer.sasl.server.callback.handler.class": _UNSECURED,
            "listener.name.sasl.oauthbearer.connections.max.reauth.ms": str(SESSION),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:ANONYMOUS;User:{USER};User:CN={USER}",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
        },
    )
    users = [f"SCRAM-SHA-{size}=[name={USER},password={PASSWORD}]" for size in (256, 512)]
    users.append(f"SCRAM-SHA-256=[name={LIMITED},password={PASSWORD}]")
    scram = [word for user in users for word in ("--add-scram", user)]
    kafka.java("kafka.tools.StorageTool", "format", "-t", uuid.uuid4().hex[:22], "-c", str(path), *scram)
    cluster = kafka.Cluster(folder, [broker])
    cluster.start()
    places = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    return SecureBroker(
        cluster,
        certificates,
        broker.address,
        places["TLS"],
        places["MUTUAL"],
        places["SASL"],
        places["FEW"],
        f"localhost:{ports['TLS']}",
    )


def token(subject: str, lifetime: float = 3600) -> str:
    """An unsigned JSON Web Token (RFC 7519, `alg` none), as the broker's validator for tests takes it."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + lifetime})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join((*encoded, ""))


def grant(broker: SecureBroker, *rule: str) -> None:
    """Add an access rule, in the words of `kafka-acls.sh --add`."""
    kafka.java("org.apache.kafka.tools.AclCommand", "--bootstrap-server", broker.open, "--add", *rule)
