"""A certificate authority made with the openssl command, and certificates good and bad."""

import pathlib
import subprocess

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = {names}
[must_staple]
basicConstraints = critical, CA:false
subjectAltName = {names}
tlsfeature = status_request
[ca]
default_ca = here
[here]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""
LOCAL = "DNS:localhost, IP:127.0.0.1, IP:::1"


class Certificate:
    def __init__(self, cert, key):
        self.cert, self.key = str(cert), str(key)


class Authority:
    def __init__(self, folder, name="Test authority", root=None):
        """With a root of its own, unless it is given the certificate to issue with."""
        self.folder = pathlib.Path(folder)
        self.made = {}
        (self.folder / "index.txt").write_text("")
        if root:
            self.cert, self.key = root.cert, root.key
            return
        self.cert, self.key = str(self.folder / "root.pem"), str(self.folder / "root.key")
        self._new_key(self.key)
        config = self._config(name, LOCAL)
        self._openssl("req", "-new", "-x509", "-days", "30", "-key", self.key, "-out", self.cert,
                      "-config", config, "-extensions", "root")

    def issue(self, kind, names=LOCAL, begin="20200101000000Z", end="20491231235959Z",
              extensions="leaf"):
        """A certificate for these names and this time; made once for each kind."""
        if kind not in self.made:
            cert, key = self.folder / (kind + ".pem"), self.folder / (kind + ".key")
            request = self.folder / (kind + ".csr")
            config = self._config(kind, names)
            self._new_key(key)
            self._openssl("req", "-new", "-key", key, "-out", request, "-config", config)
            self._openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.cert,
                          "-keyfile", self.key, "-in", request, "-out", cert,
                          "-extensions", extensions, "-startdate", begin, "-enddate", end)
            self.made[kind] = Certificate(cert, key)
        return self.made[kind]

    @property
    def good(self):
        return self.issue("good")

    @property
    def expired(self):
        return self.issue("expired", begin="20200101000000Z", end="20200201000000Z")

    @property
    def future(self):
        return self.issue("future", begin="20480101000000Z", end="20490101000000Z")

    @property
    def other_host(self):
        return self.issue("other_host", "DNS:other.example")

    @property
    def client(self):
        return self.issue("client", "DNS:client.example")

    def revoke(self, certificate):
        self._openssl("ca", "-config", self._config("revoke", LOCAL), "-cert", self.cert,
                      "-keyfile", self.key, "-revoke", certificate.cert)

    def revocation_list(self):
        path = self.folder / "list.pem"
        self._openssl("ca", "-config", self._config("revoke", LOCAL), "-cert", self.cert,
                      "-keyfile", self.key, "-gencrl", "-crldays", "1", "-out", path)
        return str(path)

    def staple(self, certificate):
        """An OCSP response about it, as a server staples it."""
        path = certificate.cert + ".ocsp"
        self._openssl("ocsp", "-issuer", self.cert, "-cert", certificate.cert, "-no_nonce",
                      "-reqout", path + "-request")
        self._openssl("ocsp", "-index", self.folder / "index.txt", "-CA", self.cert, "-rsigner",
                      self.cert, "-rkey", self.key, "-reqin", path + "-request", "-ndays", "1",
                      "-respout", path)
        return path

    def encrypted_key(self, password):
        """The key of the good certificate, encrypted."""
        path = self.folder / ("encrypted-%s.key" % password)
        if not path.exists():
            self._openssl("pkey", "-in", self.good.key, "-out", path, "-aes256",
                          "-passout", "pass:" + password)
        return str(path)

    def _config(self, name, names):
        path = self.folder / (name.replace(" ", "-") + ".cnf")
        path.write_text(CONFIG.format(name=name, names=names, folder=self.folder))
        return path

    def _new_key(self, path):
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-out", path)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
